"""Emissions in everyday terms: car distance, phone charges, streaming, growth of a tree."""

from __future__ import annotations

from pytest_carbon.record import NamedTuple
from pytest_carbon.units import format_duration, three_digits

__all__ = ["Equivalent", "equivalents"]

CAR_EU_G_PER_KM = 175.0
"""A European passenger car (Green Algorithms, Lannelongue et al. 2021): 175 gCO2e/km."""

CAR_US_G_PER_MILE = 393.0
"""A US passenger vehicle (US EPA, greenhouse gas equivalencies): 393 gCO2e/mile, 244 g/km."""

PHONE_G_PER_CHARGE = 12.4
"""Charging one smartphone (US EPA, greenhouse gas equivalencies): 12.4 gCO2e."""

STREAMING_G_PER_H = 36.0
"""An hour of video streaming (Green Algorithms, after IEA 2020): 36 gCO2e."""

TREE_G_PER_MONTH = 917.0
"""What a mature tree takes up in a month (Green Algorithms: 11 kg a year): 917 gCO2."""

SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400
SECONDS_PER_MONTH = 365.25 / 12 * SECONDS_PER_DAY


class Equivalent(NamedTuple):
    """``amount`` of ``unit`` emits as much (a tree: takes up as much); ``text`` is for people."""

    name: str
    amount: float
    unit: str
    text: str


def equivalents(grams: float) -> tuple[Equivalent, ...]:
    """What ``grams`` of CO2e compare with: more grams, longer distances."""
    km, miles = grams / CAR_EU_G_PER_KM, grams / CAR_US_G_PER_MILE
    charges, hours = grams / PHONE_G_PER_CHARGE, grams / STREAMING_G_PER_H
    months = grams / TREE_G_PER_MONTH
    streaming = _lasting(hours * SECONDS_PER_HOUR)
    growth = _lasting(months * SECONDS_PER_MONTH)
    return (
        Equivalent(name="car_eu", amount=km, unit="km", text=f"{_distance(km)} by car (EU)"),
        Equivalent(name="car_us", amount=miles, unit="miles", text=f"{_miles(miles)} by car (US)"),
        Equivalent(name="phone", amount=charges, unit="charges", text=_charges(charges)),
        Equivalent(
            name="streaming", amount=hours, unit="hours", text=f"{streaming} of video streaming"
        ),
        Equivalent(
            name="tree", amount=months, unit="tree-months", text=f"{growth} of a tree's growth"
        ),
    )


def _lasting(seconds: float) -> str:
    days = seconds / SECONDS_PER_DAY
    return f"{three_digits(days)} days" if days >= 2 else format_duration(seconds)


def _distance(km: float) -> str:
    for unit, per_km in (("km", 1.0), ("m", 1e3), ("mm", 1e6), ("µm", 1e9)):
        if km * per_km >= 0.9995:
            return f"{three_digits(km * per_km)} {unit}"
    return f"{three_digits(km * 1e12)} nm"


def _miles(miles: float) -> str:
    for unit, per_mile in (("miles", 1.0), ("feet", 5280.0)):
        if miles * per_mile >= 0.9995:
            return f"{three_digits(miles * per_mile)} {unit}"
    return f"{three_digits(miles * 63_360)} inches"


def _charges(charges: float) -> str:
    if charges >= 0.9995:
        return f"{three_digits(charges)} phone charges"
    return f"{three_digits(charges * 100)} % of a phone charge"
