"""Independent looks at one test, weighed together."""

from __future__ import annotations

from math import comb, sqrt
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.gate.spread import t_quantile, t_tail
from pytest_carbon.gate.verdict import ratio_of

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
ONE_SIDED_95 = 1.645


class Evidence(NamedTuple):
    """How much more a test costs than its baseline, look by look.

    ``rises`` are the looks' logarithms of ``now / baseline`` (at least one), ``sd`` the spread
    of one of them by chance, ``baseline_error`` the standard error of the baseline's logarithm.
    ``excess`` is the part of all rises that a test explains which follows the core's speed more
    than is stored: a core slower than the baseline's makes it out of nothing, in raw figures, too.
    """

    rises: Sequence[float]
    sd: float
    baseline_error: float
    excess: float = 0.0

    def without_excess(self) -> Evidence:
        """What is left if the test follows the core's speed as much as it well may."""
        return self._replace(rises=[rise - self.excess for rise in self.rises], excess=0.0)

    @property
    def rise(self) -> float:
        """The mean over the looks: the estimate."""
        return sum(self.rises) / len(self.rises)

    @property
    def error(self) -> float:
        """The standard error of ``rise``."""
        return sqrt(self.sd * self.sd / len(self.rises) + self.baseline_error**2)

    @property
    def chance(self) -> float:
        """The chance that an unchanged test shows what these looks show.

        All looks have to agree (of five or more, all but a fifth), so it is the chance that so
        many independent looks reach the least of them. With heavy tails this is far safer than
        a mean over its error.
        """
        count = len(self.rises)
        apart = int(count * MAY_DISAGREE)
        least = sorted(self.rises)[apart] - BASELINE_ERRORS * self.baseline_error
        one = t_tail(least / self.sd)
        return sum(
            comb(count, missing) * one ** (count - missing) * (1 - one) ** missing
            for missing in range(apart + 1)
        )

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval of ``now / baseline``."""
        return ratio_of(self.rise - TWO_SIDED_95 * self.error)

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval of ``now / baseline``."""
        return ratio_of(self.rise + TWO_SIDED_95 * self.error)

    def is_below(self, limit: float) -> bool:
        """Whether the looks say that the rise is less than ``limit``, a logarithm.

        A single look that is far too low does not: the median has to be, as well as the mean, and
        of two looks neither may lie so far off that only one of them can be right.
        """
        split = len(self.rises) == 2 and abs(self.rises[1] - self.rises[0]) > SPLIT_SDS * self.sd
        return not split and max(self.rise, median(self.rises)) < limit

    def can_see(self, allowed: float, chance: float) -> float:
        """The relative rise that so many looks convict in about 95 % of the cases.

        ``allowed`` is the rise allowed, as a logarithm, ``chance`` the largest one that convicts.
        """
        count = len(self.rises)
        apart = int(count * MAY_DISAGREE)
        one = (chance / comb(count, apart)) ** (1 / (count - apart))
        needed = BASELINE_ERRORS * self.baseline_error + self.sd * t_quantile(min(one, 0.5))
        # The least of up to four looks lies 1.5 sd below their mean in a bad case, and so does
        # the fifth of twenty.
        seen = max(allowed + ONE_SIDED_95 * self.error, needed + 1.5 * self.sd)
        return ratio_of(seen) - 1
