"""Values of options and markers as people write them: ``20%``, ``5mJ``, ``100ms``, ``FR``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.budget import UNITS, Budget
from pytest_carbon.errors import SettingError
from pytest_carbon.intake.limits import LIMITS
from pytest_carbon.intensity.location import LOOK_UPS
from pytest_carbon.text import without_nul

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "parse_alpha",
    "parse_budget_text",
    "parse_count",
    "parse_energy_j",
    "parse_fraction",
    "parse_link",
    "parse_look_ups",
    "parse_names",
    "parse_seconds",
    "parse_seconds_or_none",
    "parse_zone",
    "parsed",
]

T = TypeVar("T")

_ZONE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,12}){0,3}")
# Nothing in it ends a Markdown link.
_LINK = re.compile(r"https?://[^\s<>\\]+")
# Python converts no more than some thousands.
_MOST_DIGITS = 100
_JOULES = {"": 1.0, "j": 1.0, "mj": 1e-3, "uj": 1e-6, "µj": 1e-6, "kj": 1e3, "wh": 3600.0}
_QUANTITY = re.compile(
    r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-zµ%]*)\s*", re.IGNORECASE
)


def _quantity(text: str, example: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"is not a number: write it like {example}")
    return float(match[1]), match[2].lower()


def parse_fraction(text: str) -> float:
    """A relative change: ``0.2`` or ``20%``. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "0.2 or 20%")
    if unit not in {"", "%"}:
        raise ValueError(f"has the unit {unit!r}: write it like 0.2 or 20%")
    fraction = number / 100 if unit == "%" else number
    if fraction < 0:
        raise ValueError("is negative: a tolerance is 0 or more, like 0.2 or 20%")
    if not fraction < math.inf:
        raise ValueError("is infinite: write it like 0.2 or 20%")
    if fraction > 10:
        raise ValueError(f"allows {fraction:g} times the baseline: did you mean {number:g}%?")
    return fraction


def parse_energy_j(text: str) -> float:
    """An energy in joules: ``5mJ``, ``0.005``, ``1Wh``. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "5mJ")
    if unit not in _JOULES:
        raise ValueError(f"has the unit {unit!r}: use uJ, mJ, J, kJ or Wh, like 5mJ")
    energy_j = number * _JOULES[unit]
    if number < 0:
        raise ValueError("is negative: an energy is 0 or more, like 5mJ")
    if not LIMITS["floor_j"].allows(energy_j):
        raise ValueError(f"is {energy_j:g} J, which no test takes: write it like 5mJ")
    return energy_j


def parse_budget_text(text: str) -> Budget:
    """A budget like ``1.5mg`` or ``20mJ``. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "1.5mg or 20mJ")
    unit = unit.replace("µ", "u")
    if unit not in UNITS:
        wrong = f"has the unit {unit!r}" if unit else "has no unit"
        raise ValueError(f"{wrong}: use {', '.join(UNITS)}, like 1.5mg or 20mJ")
    if not 0 < number < math.inf:
        raise ValueError("is no budget: it must be more than 0, like 1.5mg or 20mJ")
    return Budget(number, unit)


def parse_seconds(text: str) -> float:
    """A positive time in seconds. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "0.1 (seconds)")
    if unit not in {"", "s", "ms"}:
        raise ValueError(f"has the unit {unit!r}: use seconds, like 0.1 or 100ms")
    seconds = number / 1000 if unit == "ms" else number
    if not 0 < seconds < math.inf:
        raise ValueError("is no time: it must be more than 0 seconds, like 0.1")
    return seconds


def parse_seconds_or_none(text: str) -> float:
    """A time in seconds, which may be 0. Raises ``ValueError`` with the remedy."""
    return 0.0 if text.strip() in {"0", "0s", "0.0"} else parse_seconds(text)


def parse_count(text: str) -> int:
    """A whole number, 0 or more. Raises ``ValueError`` with the remedy."""
    if not text.strip().isascii() or not text.strip().isdigit():
        raise ValueError("is not a whole number: write it like 10")
    if len(text.strip()) > _MOST_DIGITS:
        raise ValueError("is more than anybody needs: write it like 10")
    return int(text)


def parse_alpha(text: str) -> float:
    """A number of false alarms, above 0 and at most 1. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "0.01")
    if unit or not 0 < number <= 1:
        raise ValueError("is no number above 0 and up to 1: write it like 0.01 (one in 100 runs)")
    return number


def parse_names(text: str) -> tuple[str, ...]:
    """Names with commas between them, in lower case. Raises ``ValueError`` with the remedy."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError("names nothing: write it like rapl,nvml")
    return names


def parse_look_ups(text: str) -> tuple[str, ...]:
    """Look-ups of the place: ``metadata,geoip``. Raises ``ValueError`` with the remedy."""
    names = parse_names(text)
    for name in names:
        if name not in LOOK_UPS:
            raise ValueError(f"has the unknown name {name!r}: use {' or '.join(LOOK_UPS)}")
    return names


def parse_zone(text: str) -> str:
    """A live source's zone: ``FR``, ``US-CAL-CISO``. Raises ``ValueError`` with the remedy."""
    zone = text.strip().upper()
    if not _ZONE.fullmatch(zone):
        raise ValueError("is no zone: write it like FR or US-CAL-CISO")
    return zone


def parse_link(text: str) -> str:
    """The address of a page. Raises ``ValueError`` with the remedy."""
    link = text.strip()
    if not (_LINK.fullmatch(link) and link.isprintable()):
        raise ValueError(
            "is no address of a page: write it like https://ci.example.org/job/7/carbon.html"
        )
    return link


def parsed(place: str, text: str, parse: Callable[[str], T]) -> T:
    """A value that was given at a place. Raises ``SettingError`` that names it."""
    try:
        return parse(without_nul(text))
    except ValueError as error:
        raise SettingError.of(error, f"{place}={text}") from None
