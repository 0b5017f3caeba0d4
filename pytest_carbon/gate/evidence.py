"""Independent looks at one test, weighed together."""

from __future__ import annotations

from math import comb, sqrt
from statistics import median
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import ONE_SIDED_95, t_quantile, t_tail
from pytest_carbon.gate.verdict import ratio_of
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Evidence"]

# The baseline's own error is the same in all looks, so that their agreement says nothing about
# it: it is taken off every look first. The tails of 14 recorded tests then lie below Student's t
# with four degrees of freedom up to 3 sd, and within 1.2 to 3.6 times above it further out
# (tests/benchmarks/detection/history.md, "Heavy tails"); the normal distribution is 300 times off
# at 4 sd.
BASELINE_ERRORS = 1.5

# The part of the looks that may say otherwise: one of five, two of ten, none of four.
MAY_DISAGREE = 0.2

# One process in 200 found its test 14 % cheaper than all others did, as its speed helper
# was slow. Two looks that lie so many sd apart do not tell which of them that is.
SPLIT_SDS = 5.0

# Two-sided 95 % of Student's t with four degrees of freedom.
TWO_SIDED_95 = t_quantile(0.025)


class Evidence(NamedTuple):
    """How much more a test costs than its baseline, look by look.

    ``ratios_log`` are the looks' logarithms of ``now / baseline`` (at least one), ``sd`` the spread
    of one of them by chance, ``baseline_error`` the standard error of the baseline's logarithm.
    ``excess_log`` is the part of all of them that a test explains which follows the core's speed
    more than is stored: a core slower than the baseline's makes it out of nothing, in raw figures,
    too.
    """

    ratios_log: Sequence[float]
    sd: float
    baseline_error: float
    excess_log: float = 0.0

    def without_excess(self) -> Evidence:
        """What is left if the test follows the core's speed as much as it well may."""
        left_log = [ratio_log - self.excess_log for ratio_log in self.ratios_log]
        return self._replace(ratios_log=left_log, excess_log=0.0)

    @property
    def ratio_log(self) -> float:
        """The mean over the looks: the estimate."""
        return sum(self.ratios_log) / len(self.ratios_log)

    @property
    def error(self) -> float:
        """The standard error of ``ratio_log``."""
        return sqrt(self.sd * self.sd / len(self.ratios_log) + self.baseline_error**2)

    @property
    def chance(self) -> float:
        """The chance that an unchanged test shows what these looks show.

        All looks have to agree (of five or more, all but a fifth), so it is the chance that so
        many independent looks reach the least of them. With heavy tails this is far safer than
        a mean over its error.
        """
        count = len(self.ratios_log)
        apart = int(count * MAY_DISAGREE)
        least_log = sorted(self.ratios_log)[apart] - BASELINE_ERRORS * self.baseline_error
        one = t_tail(least_log / self.sd)
        return sum(
            comb(count, missing) * one ** (count - missing) * (1 - one) ** missing
            for missing in range(apart + 1)
        )

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval of ``now / baseline``."""
        return ratio_of(self.ratio_log - TWO_SIDED_95 * self.error)

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval of ``now / baseline``."""
        return ratio_of(self.ratio_log + TWO_SIDED_95 * self.error)

    def is_below(self, limit_log: float) -> bool:
        """Whether the looks say that the rise is less than ``limit_log``.

        A single look that is far too low does not: the median has to be, as well as the mean, and
        of two looks neither may lie so far off that only one of them can be right.
        """
        ratios_log = self.ratios_log
        is_split = len(ratios_log) == 2 and abs(ratios_log[1] - ratios_log[0]) > SPLIT_SDS * self.sd
        return not is_split and max(self.ratio_log, median(ratios_log)) < limit_log

    def can_see(self, allowed_log: float, chance: float) -> float:
        """The relative rise that so many looks convict in about 95 % of the cases.

        ``allowed_log`` is the rise allowed, ``chance`` the largest one that convicts.
        """
        count = len(self.ratios_log)
        apart = int(count * MAY_DISAGREE)
        one = (chance / comb(count, apart)) ** (1 / (count - apart))
        needed_log = BASELINE_ERRORS * self.baseline_error + self.sd * t_quantile(min(one, 0.5))
        # The least of up to four looks lies 1.5 sd below their mean in a bad case, and so do the
        # second of eight and the fifth of twenty.
        seen_log = max(allowed_log + ONE_SIDED_95 * self.error, needed_log + 1.5 * self.sd)
        return ratio_of(seen_log) - 1
