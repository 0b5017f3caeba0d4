"""Each how-to page, followed in a copy of the tutorial's shop."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import EXAMPLES
from tests.docs.pages import DOCS, bash, blocks, follow, surroundings

if TYPE_CHECKING:
    from pathlib import Path

GIT = "git init --quiet --initial-branch=main && git add . && git commit --quiet --message Shop"

# Those that run nothing have nothing to follow; tests/docs/test_pages.py looks at all of them.
FOLLOWED = [
    page
    for page in sorted((DOCS / "how-to").glob("*.md"))
    if any(block.runs for block in blocks(page))
]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the commands are for a shell of Linux and macOS")
@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_a_how_to_does_what_it_says(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES / "shop", folder, ignore=shutil.ignore_patterns("__pycache__"))
    environ = surroundings(tmp_path)
    status, output = bash(GIT, folder, environ)
    assert status == 0, output
    assert follow(page, folder, environ)
