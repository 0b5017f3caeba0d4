"""The value that turns joules into grams, with all that makes it checkable."""

from __future__ import annotations

from pytest_carbon.record import NamedTuple

__all__ = ["Intensity"]


class Intensity(NamedTuple):
    """Grams of CO2e per kilowatt-hour, for one place and time.

    ``zone`` is an ISO 3166 alpha-3 code, a region or ``world``; ``source`` names who published
    the figure, ``period`` the year or the instant it holds for; ``reason`` says why this one
    was taken (``--carbon-intensity=FRA``, ``default``).
    """

    g_per_kwh: float
    zone: str
    source: str
    period: str
    reason: str
