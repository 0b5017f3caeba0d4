"""codecarbon's settings of a project: the few that decide place, intensity and PUE.

Read from ``CODECARBON_*``, ``./.codecarbon.config`` and ``~/.codecarbon.config``, in this order
of precedence. Other settings, a token among them, are never taken into memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.intake.regular_file import read_regular
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Given", "codecarbon_settings"]

NAMES = (
    "force_carbon_intensity_g_co2e_kwh",
    "cloud_provider",
    "cloud_region",
    "country_iso_code",
    "region",
    "pue",
)
FILE = ".codecarbon.config"
SECTION = "codecarbon"

_MOST_BYTES = 2**16
_COMMENT = re.compile(r"(?:^|\s)[#;].*", re.DOTALL)


class Given(NamedTuple):
    """A value and where it was given, for messages: ``CODECARBON_REGION``, ``region in FILE``."""

    value: str
    where: str


def codecarbon_settings(environ: Mapping[str, str], cwd: Path, home: Path) -> dict[str, Given]:
    """The settings that were given, by codecarbon's name; empty values count as not given.

    Raises ``SettingError`` for a file that cannot be read.
    """
    found: dict[str, Given] = {}
    for path, shown in ((home / FILE, f"~/{FILE}"), (cwd / FILE, FILE)):
        for name, value in _section(path, shown).items():
            found[name] = Given(value, f"{name} in {shown}")
    for name in NAMES:
        variable = f"CODECARBON_{name.upper()}"
        value = environ.get(variable, "").strip()
        if value:
            found[name] = Given(value, variable)
    return found


def _section(path: Path, shown: str) -> dict[str, str]:
    try:
        path.stat()
    except OSError:
        # Not there, or in a folder that this user may not look into: no settings for this user.
        return {}
    remedy = "make it a readable UTF-8 file, or give --carbon-intensity"
    try:
        data = read_regular(path, most_bytes=_MOST_BYTES).data
    except OSError as error:
        raise SettingError(f"{shown} cannot be read: {error.strerror}", remedy=remedy) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Without the original error, whose text holds what the file holds: a token, for one.
        raise SettingError(f"{shown} is not UTF-8 text", remedy=remedy) from None
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        remedy = "mend it: an INI file with a [codecarbon] section, or give --carbon-intensity"
        raise SettingError(f"{shown} is no INI file", remedy=remedy) from None
    if not parser.has_section(SECTION):
        return {}
    given = {name: _value(parser.get(SECTION, name, fallback=None)) for name in NAMES}
    return {name: value for name, value in given.items() if value}


def _value(text: str | None) -> str:
    """A value without the comment behind it, and without quotes; empty where there is none."""
    value = _COMMENT.sub("", text or "").strip()
    return value.strip("\"'").strip()
