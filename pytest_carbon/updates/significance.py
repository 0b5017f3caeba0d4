"""Whether two measurements of a subject differ by more than chance makes them differ."""

from __future__ import annotations

from math import log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Spread

__all__ = ["NoiseRule"]


class NoiseRule(NamedTuple):
    """A rule for storing, not for judging: it errs on the side of leaving a value alone.

    The centres' logarithms differ by chance by ``errors`` standard errors at the most. The
    spread is that of both sides together, drawn towards ``usual_sd_log``, which weighs as much
    as ``usual_weight`` further samples: a spread seen in a few samples is too small as often as
    too large. On the recorded first runs of 18 tests in 40 processes, of which 4, 8 or 16 were
    held against as many others (72,000 draws each), an unchanged speed-corrected value never
    moved further than five errors, and raw CPU time in at most 0.09 % of cases; four errors
    gave 0.014 and 0.5 %, three 0.26 and 1.7 %.

    Changes below ``least_ratio`` or ``least_j`` joules are never worth a line in a review: the
    moment of a run moves everything in it by 2 to 4 %, and the edges of a measurement cost
    some 20 µs of a core.
    """

    errors: float = 5.0
    usual_sd_log: float = 0.10
    usual_weight: float = 4.0
    least_ratio: float = 0.05
    least_j: float = 1e-4

    def sd_log(self, *spreads: Spread) -> float:
        """The spread of one sample, from all spreads that are known."""
        weight = self.usual_weight
        squares = weight * self.usual_sd_log**2
        for spread in spreads:
            if spread.sd_log is not None:
                own = max(1, spread.processes - 1)
                weight += own
                squares += own * spread.sd_log**2
        return sqrt(squares / weight)

    def bound_log(self, old: Spread, new: Spread) -> float:
        """How far the logarithms of two centres may lie apart by chance."""
        error = self.sd_log(old, new) * sqrt(1 / old.processes + 1 / new.processes)
        return max(self.errors * error, log1p(self.least_ratio))

    def covers(self, old: Spread, new: Spread) -> bool:
        """Whether chance explains the difference of two centres."""
        if abs(new.centre_j - old.centre_j) <= self.least_j:
            return True
        if not old.centre_j or not new.centre_j:
            return False
        return abs(log(new.centre_j / old.centre_j)) <= self.bound_log(old, new)
