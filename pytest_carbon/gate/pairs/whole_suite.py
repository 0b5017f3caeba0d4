"""Sums of many tests in two versions: what no test shows by itself.

Each pass runs all tests once on both sides, as pairs, in new processes. The sums of a pass vary
little, as the noise of single pairs averages out; what is left is what a pair of processes shares.
"""

from __future__ import annotations

from enum import Enum
from math import log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.pairs.suspects import AIM_OF_PAIRS, quantile
from pytest_carbon.gate.verdict import ratio_of
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_PASSES", "Sum", "SumOutcome", "judge_sum"]

# A sum is held to this part of the tolerance for single tests: 1 % where that is 5 %.
SHARE_FOR_SUITE = 0.2

# What the sums of one pass vary by besides their pairs, as the standard deviation of a logarithm,
# with the weight of so many passes against what the passes show. Over eight passes of unchanged
# suites 0.006 (Jinja2) and 0.011 (sqlparse; 0.005 without one of them) were seen, pairs included,
# on 29 November 2026.
PASS_SD = 0.006
PRIOR_PASSES = 6

# What a single pair varies by, of which a sum keeps the part that does not average out: 0.02 for
# tests of 0.06 J and more, 0.05 for 0.03 J, 0.09 for 5 mJ, 0.12 and more below (the same passes).
LEAST_PAIR_SD, MOST_PAIR_SD = 0.02, 0.12
PAIR_SD_AT_20_MJ = 0.06

MOST_PASSES = 8

# A sum is cleared where it lies so many errors below the change that must not be missed. It may be
# after each pass: with 2.3, as for first pairs, one rise of 2 % in 20 would be (simulated with
# PASS_SD; 1 in 90 with this, for 2.1 instead of 1.6 passes of an unchanged suite). A single pass
# does not clear, as now and then one lies far off: tomlkit's, 2 % costlier, once showed -0.6 %
# (one of the first passes of 20 comparisons, 29 November 2026).
SURE_ERRORS_OF_SUMS = 3.0
PASSES_TO_CLEAR = 2


class SumOutcome(str, Enum):
    """What is known of a sum."""

    REGRESSED = "regressed"
    OK = "ok"
    OPEN = "open"


class Sum(NamedTuple):
    """A sum's change: ratios of head to base, with a 95 % interval.

    ``could_regress``: the change would be called a regression if further passes left it as it is.
    """

    outcome: SumOutcome
    base_j: float
    ratio: float
    low: float
    high: float
    passes: int
    could_regress: bool = False


def judge_sum(
    passes: Sequence[tuple[float, float]],
    weights: Sequence[float],
    *,
    tolerance: float,
    alpha: float,
) -> Sum:
    """Judge the sums of base and head in joules, one pair of them for each pass.

    ``weights`` are the tests' own energies, which tell how far single pairs average out. ``alpha``
    is the chance of an alarm that this sum is allowed, over all numbers of passes.
    """
    changes_log = [log(head_j / base_j) for base_j, head_j in passes]
    count = len(changes_log)
    mean_log = sum(changes_log) / count
    total = sum(weights)
    alone = sum((weight * _pair_sd(weight)) ** 2 for weight in weights) / total**2 if total else 0.0
    freedom = PRIOR_PASSES + count - 1
    squares = PRIOR_PASSES * (PASS_SD**2 + alone) + sum((c - mean_log) ** 2 for c in changes_log)
    error = sqrt(squares / freedom / count)
    allowed_log = log1p(tolerance * SHARE_FOR_SUITE)
    aim_log = log1p(AIM_OF_PAIRS * tolerance * SHARE_FOR_SUITE)
    chance = alpha / MOST_PASSES
    at_the_end_log = (
        error * sqrt(count / MOST_PASSES) * quantile(chance, PRIOR_PASSES + MOST_PASSES - 1)
    )
    outcome = SumOutcome.OPEN
    if mean_log > max(allowed_log, error * quantile(chance, freedom)):
        outcome = SumOutcome.REGRESSED
    elif count >= PASSES_TO_CLEAR and mean_log + SURE_ERRORS_OF_SUMS * error < aim_log:
        outcome = SumOutcome.OK
    interval = error * quantile(0.025, freedom)
    return Sum(
        outcome=outcome,
        base_j=sum(base_j for base_j, _ in passes) / count,
        ratio=ratio_of(mean_log),
        low=ratio_of(mean_log - interval),
        high=ratio_of(mean_log + interval),
        passes=count,
        could_regress=mean_log > max(allowed_log, at_the_end_log),
    )


def _pair_sd(energy_j: float) -> float:
    """What a single pair of a test of this energy varies by."""
    sd = PAIR_SD_AT_20_MJ * sqrt(0.02 / energy_j) if energy_j > 0 else MOST_PAIR_SD
    return min(max(sd, LEAST_PAIR_SD), MOST_PAIR_SD)
