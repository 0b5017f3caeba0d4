"""codecarbon's settings of a project: the few that decide place, intensity and PUE.

Read from ``CODECARBON_*``, ``./.codecarbon.config`` and ``~/.codecarbon.config``, in this order
of precedence. Other settings, a token among them, are never taken into memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.errors import SettingError

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
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = "make it a readable UTF-8 file, or give --carbon-intensity"
        # Without the original error, whose text may hold what the file holds: a token, for one.
        raise SettingError(
            f"{shown} cannot be read ({type(error).__name__})", remedy=remedy
        ) from None
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        remedy = "mend it: an INI file with a [codecarbon] section, or give --carbon-intensity"
        raise SettingError(f"{shown} is no INI file", remedy=remedy) from None
    if not parser.has_section(SECTION):
        return {}
    given = {name: parser.get(SECTION, name, fallback="").strip() for name in NAMES}
    return {name: value.strip("\"'") for name, value in given.items() if value.strip("\"'")}
