"""How independent looks differ with the speed of the core that they were taken at.

A test follows a core's speed by one sensitivity beside one neighbour and by another beside the
next (of sqlite, 1.27 in a refresh and 1.1 hours later), so that the looks at a slow core lie
lower or higher than the others. How far the stored sensitivity is off shows in just that.
"""

from __future__ import annotations

from math import sqrt
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["STEEPEST", "Trend", "fit_trend"]

# Sorting floats follows the core's speed by 0.45, most Python code by 0.9 to 1.2, sqlite by 1.26:
# how much more than is stored, or than 0.9 where nothing is, a test may follow it.
STEEPEST = 0.35


class Trend(NamedTuple):
    """A straight line through looks: their log ratios over the slowness of the core.

    ``slope`` is what a test's sensitivity is more than its stored one, ``error`` how well that is
    known; ``slownesses_log`` are the looks' own: the kernel's time over its time for the baseline.
    """

    slope: float
    error: float
    slownesses_log: Sequence[float]

    @property
    def slowness_log(self) -> float:
        """The mean over the looks; 0 for none."""
        return fmean(self.slownesses_log) if self.slownesses_log else 0.0

    def levelled(self, ratios_log: Sequence[float]) -> list[float]:
        """The log ratios as if all looks had been taken at their mean speed: the mean stays."""
        middle_log = self.slowness_log
        return [
            ratio_log - self.slope * (slowness_log - middle_log)
            for ratio_log, slowness_log in zip(ratios_log, self.slownesses_log, strict=True)
        ]

    @property
    def excess_log(self) -> float:
        """What an unchanged test that follows the core as much as it well may would rise by."""
        return min(max(self.slope + self.error, 0.0), STEEPEST) * max(self.slowness_log, 0.0)


def fit_trend(
    slownesses_log: Sequence[float], ratios_log: Sequence[float], sd: float, prior_sd: float
) -> Trend:
    """Fit the line, drawn towards a level one by as much as the looks leave open.

    ``sd`` is the spread of one look by chance, which counts as what is seen where that is more;
    ``prior_sd`` how far slopes usually are from 0.
    """
    if len(ratios_log) < 2:
        return Trend(0.0, prior_sd, slownesses_log)
    middle, mean = fmean(slownesses_log), fmean(ratios_log)
    seen = sum((x - middle) ** 2 for x in slownesses_log)
    both = sum((x - middle) * (y - mean) for x, y in zip(slownesses_log, ratios_log, strict=True))
    variance = max(sd, pstdev(ratios_log)) ** 2
    precision = seen / variance + 1 / prior_sd**2
    return Trend(both / variance / precision, 1 / sqrt(precision), slownesses_log)
