"""Checks of what a source says: nothing from outside is believed unread."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.location import HIGHEST_G_PER_KWH

if TYPE_CHECKING:
    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["LONGEST_TEXT", "REMEDY", "checked", "field", "instant", "number"]

OLDEST = timedelta(hours=24)
"""Estimates are published within hours; a figure a day old is not live."""

FUTURE = timedelta(hours=2)
"""Periods of up to an hour may lie ahead, and clocks are a little wrong."""

_NOTHING = object()

LONGEST_TEXT = 200
LONGEST_FIGURE = 1e9

REMEDY = "the run goes on without it"


def field(answer: object, *path: str | int) -> object:
    """The value at ``path`` in nested objects and lists; raises ``IntensityError`` if none is."""
    value = answer
    for step in path:
        value = _step(value, step)
    if value is _NOTHING:
        shown = ".".join(str(step) for step in path)
        raise IntensityError(f"the answer has no {shown}", remedy=REMEDY)
    return value


def _step(value: object, step: str | int) -> object:
    if isinstance(step, str) and isinstance(value, dict):
        return value.get(step, _NOTHING)
    if isinstance(step, int) and isinstance(value, list) and step < len(value):
        return value[step]
    return _NOTHING


def number(value: object) -> float:
    """``value`` as g/kWh: a finite number within 0 to 3000. Raises ``IntensityError``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise IntensityError("the answer's intensity is no number", remedy=REMEDY)
    # Compared before it is converted: a whole number may be larger than any float.
    if not 0 <= value <= HIGHEST_G_PER_KWH:
        shown = f"{value:.6g}" if abs(value) < LONGEST_FIGURE else "more than any grid's"
        raise IntensityError(f"an intensity of {shown} g/kWh is absurd", remedy=REMEDY)
    return float(value)


def instant(value: object, now: datetime) -> str:
    """``value`` as an ISO 8601 instant in UTC, to the minute.

    Raises ``IntensityError`` for what is none, and where it lies so far from ``now`` that either
    the figure is stale or this machine's clock is wrong.
    """
    moment = _parsed(value)
    if moment is None:
        raise IntensityError("the answer's time is none", remedy=REMEDY)
    if not now - OLDEST <= moment <= now + FUTURE:
        remedy = f"{REMEDY}; check the clock of this machine, which says {now:%Y-%m-%d %H:%M} UTC"
        raise IntensityError(f"the figure is of {moment:%Y-%m-%d %H:%M} UTC", remedy=remedy)
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def _parsed(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return None
    try:
        # Python 3.10 does not read the Z.
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return None if moment.tzinfo is None else moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def checked(intensity: Intensity) -> Intensity:
    """``intensity``, if its figure is possible and its texts are short printable lines.

    For what a third party's source or a file says. Raises ``IntensityError`` otherwise.
    """
    number(intensity.g_per_kwh)
    for text in (intensity.zone, intensity.source, intensity.period, intensity.reason):
        if not isinstance(text, str) or len(text) > LONGEST_TEXT or not text.isprintable():
            raise IntensityError("its texts are no short printable lines", remedy=REMEDY)
    return intensity
