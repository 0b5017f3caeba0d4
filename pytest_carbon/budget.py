"""Budgets as users write them: an amount in one unit of emissions or energy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple
from pytest_carbon.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNITS", "Budget", "parse_budget"]

_GRAMS = {"g": 1.0, "mg": 1e-3, "ug": 1e-6}
_JOULES = {"j": 1.0, "mj": 1e-3, "wh": 3600.0}

UNITS = (*_GRAMS, *_JOULES)
"""The units that a budget may have."""


class Budget(NamedTuple):
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


def parse_budget(units: Mapping[str, object], *, example: str) -> Budget:
    """The budget in ``units``, which has to hold exactly one. Raises ``ValueError``.

    Its message is problem and remedy with a colon between; ``example`` shows the spelling.
    """
    unknown = [unit for unit in units if unit not in UNITS]
    if unknown:
        raise ValueError(f"does not know the unit {unknown[0]!r}: use one of {', '.join(UNITS)}")
    if len(units) != 1:
        count = "no unit" if not units else f"{len(units)} units"
        raise ValueError(f"has {count}: give exactly one, like {example}")
    ((unit, amount),) = units.items()
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise ValueError(f"has {unit}={amount!r}, not a number: write {example}")
    try:
        value = float(amount)
    except OverflowError:
        raise ValueError(f"has {unit}={amount!r:.20}…, too large: write {example}") from None
    if not 0 < value < math.inf:
        raise ValueError(f"has {unit}={amount!r}: a budget is more than 0, like {example}")
    return Budget(value, unit)
