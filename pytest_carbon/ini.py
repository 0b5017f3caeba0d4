"""One ini setting of the project around a folder, found where pytest would find it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_carbon.errors import SettingError
from pytest_carbon.intake.regular_file import read_regular
from pytest_carbon.text import without_nul

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ini_setting"]

SECTIONS = {
    "pytest.toml": "pytest",
    ".pytest.toml": "pytest",
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "pyproject.toml": "tool.pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""pytest's configuration files in its order of preference, and the section that it reads."""

_MOST_BYTES = 2**20


def ini_setting(name: str, cwd: Path) -> tuple[str, str] | None:
    """The value of a setting and the file's name, from the nearest configuration above ``cwd``.

    ``None`` where it is not set. Raises ``SettingError`` for a file that cannot be read.
    """
    for folder in (cwd, *cwd.parents):
        for file in SECTIONS:
            path = folder / file
            section = _section(path)
            if section is None:
                continue
            value = section.get(name)
            if value is None or not str(value).strip():
                return None
            try:
                return without_nul(str(value)), file
            except ValueError as error:
                raise SettingError.of(error, f"{name} in {path}") from None
    return None


def _section(path: Path) -> dict[str, Any] | None:
    try:
        # pytest, too, takes what is no regular file for none.
        if not path.is_file():
            return None
        text = read_regular(path, most_bytes=_MOST_BYTES).data.decode()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, UnicodeDecodeError):
        raise SettingError(f"{path} cannot be read", remedy="make it UTF-8 text") from None
    return _from_toml(path, text) if path.suffix == ".toml" else _from_ini(path, text)


def _from_toml(path: Path, text: str) -> dict[str, Any] | None:
    # pytest itself depends on tomli where Python has no tomllib.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        table: Any = toml.loads(text)
    except ValueError as error:
        raise SettingError(f"{path} is no TOML: {error}", remedy="mend it") from None
    for step in SECTIONS[path.name].split("."):
        table = table.get(step) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return None
    older = table.get("ini_options")
    return older if isinstance(older, dict) else table


def _from_ini(path: Path, text: str) -> dict[str, Any] | None:
    from iniconfig import IniConfig, ParseError

    try:
        sections = IniConfig(str(path), data=text).sections
    except ParseError as error:
        raise SettingError(f"{path} is no INI file: {error}", remedy="mend it") from None
    section = sections.get(SECTIONS[path.name])
    if section is None:
        # pytest takes a pytest.ini for the project's configuration even when it is empty.
        return {} if path.name.endswith("pytest.ini") else None
    return dict(section)
