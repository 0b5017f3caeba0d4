"""The markers ``carbon`` and ``carbon_budget``, checked when tests are collected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.settings import parse_fraction
from pytest_carbon.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

__all__ = ["Budget", "Limits", "parse_budget", "read_limits"]

_GRAMS = {"g": 1.0, "mg": 1e-3, "ug": 1e-6}
_JOULES = {"j": 1.0, "mj": 1e-3, "wh": 3600.0}
_EXAMPLE = "@pytest.mark.carbon_budget(mg=1.5)"


@dataclass(frozen=True, slots=True)
class Budget:
    """An absolute ceiling: an amount in one of the units g, mg, ug, j, mj, wh."""

    amount: float
    unit: str

    def energy_j(self, intensity_g_per_kwh: float) -> float:
        """The ceiling in joules; a budget in grams needs the pinned intensity."""
        if self.unit in _JOULES:
            return self.amount * _JOULES[self.unit]
        if intensity_g_per_kwh <= 0:
            return math.inf
        return self.amount * _GRAMS[self.unit] / intensity_g_per_kwh * JOULES_PER_KWH


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a test's own markers say; ``None`` where they say nothing."""

    tolerance: float | None = None
    budget: Budget | None = None
    skip: bool = False


def parse_budget(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Budget:
    """The arguments of ``carbon_budget``. Raises ``ValueError`` with the remedy."""
    if args:
        raise ValueError(f"takes its amount by unit: write {_EXAMPLE}")
    units = {**_GRAMS, **_JOULES}
    unknown = [unit for unit in kwargs if unit not in units]
    if unknown:
        raise ValueError(f"does not know the unit {unknown[0]!r}: use one of {', '.join(units)}")
    if len(kwargs) != 1:
        count = "no unit" if not kwargs else f"{len(kwargs)} units"
        raise ValueError(f"has {count}: give exactly one, like {_EXAMPLE}")
    ((unit, amount),) = kwargs.items()
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise ValueError(f"has {unit}={amount!r}, not a number: write {_EXAMPLE}")
    if not 0 < amount < math.inf:
        raise ValueError(f"has {unit}={amount!r}: a budget is more than 0, like {_EXAMPLE}")
    return Budget(float(amount), unit)


def _parse_carbon(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Limits:
    example = "@pytest.mark.carbon(tolerance=0.3)"
    if args:
        raise ValueError(f"takes named arguments only: write {example}")
    unknown = [name for name in kwargs if name not in {"tolerance", "skip"}]
    if unknown:
        raise ValueError(f"does not know {unknown[0]!r}: it takes tolerance and skip")
    skip = kwargs.get("skip", False)
    if not isinstance(skip, bool):
        raise ValueError(f"has skip={skip!r}: say True or False")
    tolerance = kwargs.get("tolerance")
    if tolerance is None:
        return Limits(skip=skip)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float, str)):
        raise ValueError(f"has tolerance={tolerance!r}, not a number: write {example}")
    if isinstance(tolerance, float) and math.isnan(tolerance):
        raise ValueError(f"has tolerance=nan: write {example}")
    try:
        return Limits(tolerance=parse_fraction(str(tolerance)), skip=skip)
    except ValueError as error:
        raise ValueError(f"has tolerance={tolerance!r}, which {error}") from None


def read_limits(item: pytest.Item) -> Limits:
    """The closest ``carbon`` and ``carbon_budget`` markers of a test.

    Raises ``SettingError`` that names the test and the marker.
    """
    plain = item.get_closest_marker("carbon")
    budget = item.get_closest_marker("carbon_budget")
    if plain is None and budget is None:
        return _NOTHING
    name = "carbon"
    try:
        limits = _NOTHING if plain is None else _parse_carbon(plain.args, plain.kwargs)
        name = "carbon_budget"
        ceiling = None if budget is None else parse_budget(budget.args, budget.kwargs)
    except ValueError as error:
        problem, _, remedy = str(error).partition(": ")
        raise SettingError(f"{item.nodeid}: marker {name} {problem}", remedy=remedy) from None
    return Limits(tolerance=limits.tolerance, budget=ceiling, skip=limits.skip)


_NOTHING = Limits()
