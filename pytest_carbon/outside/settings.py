"""The settings of a script: those of the project around it, as pytest would find them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_carbon.ini import ini_setting
from pytest_carbon.settings import read_settings

if TYPE_CHECKING:
    from pytest_carbon.settings import Settings

__all__ = ["Surroundings", "settings_around"]


class Surroundings:
    """Answers what a pytest configuration is asked, without a command line."""

    def __init__(self, folder: Path) -> None:
        self.rootpath = folder
        self.invocation_params = self
        self.dir = folder

    def getoption(self, name: str, default: object = None) -> object:  # noqa: ARG002 - no command line
        """Nothing was said on a command line."""
        return default

    def getini(self, name: str) -> object:
        """The setting in the nearest configuration file; reports are pytest's affair."""
        if name == "carbon_report":
            return None
        found = ini_setting(name, self.rootpath)
        return None if found is None else found[0]


def settings_around(folder: Path | None = None) -> tuple[Settings, Any]:
    """The settings from environment variables and ini files, and what they were read from.

    Raises ``SettingError`` for a value that cannot be used.
    """
    config: Any = Surroundings(folder or Path.cwd())
    return read_settings(config), config
