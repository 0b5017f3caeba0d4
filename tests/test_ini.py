"""One ini setting, found for commands where pytest would find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.ini import ini_setting

if TYPE_CHECKING:
    from pathlib import Path


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\ncarbon_history = "kept.sqlite"\n'
    )
    below = tmp_path / "tests" / "unit"
    below.mkdir(parents=True)
    assert ini_setting("carbon_history", below) == ("kept.sqlite", "pyproject.toml")
    assert ini_setting("carbon_baselines", below) is None


def test_a_nul_character_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\ncarbon_history = "a\\u0000b"\n'
    )
    with pytest.raises(SettingError, match=r"carbon_history in .*pyproject\.toml holds a NUL"):
        ini_setting("carbon_history", tmp_path)
