"""The tutorial, followed to the letter in an empty folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.conftest import EXAMPLES
from tests.docs.pages import DOCS, README, blocks, check_as_in, follow, surroundings

if TYPE_CHECKING:
    from pathlib import Path

TUTORIAL = DOCS / "tutorial.md"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="compare and its shell are for Linux and macOS")
def test_the_tutorial_does_what_it_says_and_the_readme_shows_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    ran = follow(TUTORIAL, folder, surroundings(tmp_path))
    check_as_in(README, ran, TUTORIAL.name)
    check_as_in(DOCS / "index.md", ran, TUTORIAL.name)


@pytest.mark.parametrize("name", ["shop.py", "test_shop.py"])
def test_the_shop_that_is_shipped_is_the_one_that_is_shown(name: str) -> None:
    shown = next(block for block in blocks(TUTORIAL) if block.title == name)
    assert shown.text == (EXAMPLES / "shop" / name).read_text(encoding="utf-8")
