"""Two versions on one machine, measured in turn: decided by the ratios of pairs.

The two runs of a pair share the core and the moment, so the machine's speed cancels. What is
left is the noise of single pairs, with heavy tails, and a part that all pairs of one pair of
processes share; so the pairs come in batches, each from new processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import ONE_SIDED_95, trimmed_mean
from pytest_carbon.gate.verdict import Outcome, Verdict, ratio_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AIM_OF_PAIRS",
    "SURE_ERRORS",
    "MorePairs",
    "Pair",
    "PairedPolicy",
    "next_pairs",
    "quantile",
]

# What a pair of processes shares, as the standard deviation of a logarithm: 0.016 to 0.027 for
# single processes (recorded), whose two parts differ independently but share the machine.
PROCESS_SD = 0.025

# To convict, processes are reckoned to differ by more (recorded: 0.01 to 0.07, with other work
# on the machine), with the weight of so many batches against what the batches show.
PROCESS_SD_AT_WORST = 0.04
PRIOR_BATCHES = 6

TRIM = 0.2
PAIRS_A_BATCH = 5

# The first check, and how much further the next one is: few checks, so that each may spend much
# of the error that is allowed.
FIRST_CHECK = 10
NEXT_CHECK = 2

# Pairs that a suspect gets at the most: twice as many for a small tolerance, as 160 found 26 of 33
# rises of 3 % at a tolerance of 1 % (tests of 20 ms, 29 November 2026).
MOST_PAIRS = 160
MANY_BELOW = 0.02

# The tolerance from which on the whole floor is allowed.
FLOOR_FROM = 0.05

# A suspect is cleared when so many errors above the estimate lie below the rise that must not be
# missed.
BELOW_AIM_OF_PAIRS = 2.7

# The change that must not be missed, in tolerances (chosen, as for the thorough mode), and how many
# errors below it the first pairs or a sum have to lie: it slips through once in 90 times.
AIM_OF_PAIRS = 2.0
SURE_ERRORS = 2.3


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of each version, directly after each other, and the pair of processes they ran in."""

    base_j: float
    head_j: float
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedPolicy:
    """``tolerance`` and ``floor_j`` as for stored baselines; ``alpha`` over the whole comparison.

    ``max_pairs`` bounds the work for one suspect, else the tolerance does. The floor is lower than
    for stored baselines:
    what the edges of a measurement add is the same in both runs of a pair.
    """

    tolerance: float = 0.05
    floor_j: float = 0.001
    alpha: float = 0.01
    max_pairs: int | None = None

    @property
    def least_rise_j(self) -> float:
        """The absolute rise that is always allowed, in joules.

        It shrinks with the tolerance: with the whole floor, 1 % would mean 3 % for one of 33 mJ.
        """
        return self.floor_j * min(1.0, self.tolerance / FLOOR_FROM)

    def tolerance_of(self, base_j: float) -> float:
        """The tolerance of a test that takes ``base_j``: the floor is more for a small one."""
        return max(self.tolerance, self.least_rise_j / base_j)

    @property
    def checks(self) -> tuple[int, ...]:
        """The numbers of pairs after which a decision may fall: 10, 20, 40, 80, 160, and so on."""
        most = self.max_pairs or (MOST_PAIRS if self.tolerance >= MANY_BELOW else 2 * MOST_PAIRS)
        counts = [min(FIRST_CHECK, most)]
        while counts[-1] < most:
            counts.append(min(counts[-1] * NEXT_CHECK, most))
        return tuple(counts)


@dataclass(frozen=True, slots=True)
class MorePairs:
    """Measure ``count`` more pairs, in batches of ``PAIRS_A_BATCH`` from new processes each."""

    count: int


def next_pairs(pairs: Sequence[Pair], policy: PairedPolicy, suite_size: int) -> MorePairs | Verdict:
    """What to do next about one suspect, after ``pairs``.

    ``suite_size`` is the number of tests compared. Pairs that cost nothing on either side do
    not count. Regressed where the estimate exceeds the tolerance and its lower bound no change,
    at an error that adds up to ``alpha`` over all checks of all tests.
    """
    kept = [pair for pair in pairs if pair.base_j > 0 and pair.head_j > 0]
    checks = policy.checks
    due = next((count for count in checks if count > len(pairs)), None)
    if len(kept) < FIRST_CHECK:
        if due is not None:
            return MorePairs(due - len(pairs))
        return Verdict(
            outcome=Outcome.INCONCLUSIVE,
            now_j=kept[-1].head_j if kept else 0.0,
            tolerance=policy.tolerance,
            looks=len(kept),
            reason="too few pairs where both sides used measurable energy",
        )

    change_log, error, freedom = _estimate(kept)
    base_j = exp(trimmed_mean([log(pair.base_j) for pair in kept], TRIM))
    tolerance = policy.tolerance_of(base_j)
    allowed_log, aim_log = log1p(tolerance), log1p(AIM_OF_PAIRS * tolerance)
    chance = policy.alpha / max(suite_size, 1) / len(checks)
    by_batches, batches_freedom = _error_of_batches(kept)
    margin_log = max(
        error * quantile(chance, freedom), by_batches * quantile(chance, batches_freedom)
    )
    outcome, reason = None, ""
    if len(pairs) in checks or due is None:
        if change_log > max(allowed_log, margin_log):
            outcome, reason = Outcome.REGRESSED, "head burns more in nearly every pair"
        elif -change_log > max(allowed_log, margin_log):
            outcome, reason = Outcome.IMPROVED, "head burns less in nearly every pair"
        elif abs(change_log) < min(allowed_log, aim_log - BELOW_AIM_OF_PAIRS * error):
            outcome, reason = Outcome.OK, "no change beyond the tolerance"
        elif due is None and abs(change_log) <= allowed_log and 2 * error < aim_log:
            outcome, reason = Outcome.OK, "within the tolerance on average over all pairs"
        elif due is None:
            outcome, reason = Outcome.INCONCLUSIVE, "the pairs are too noisy to decide"
    if outcome is None:
        assert due is not None, "the last check always decides"
        return MorePairs(due - len(pairs))
    interval = max(error * quantile(0.025, freedom), by_batches * quantile(0.025, batches_freedom))
    return Verdict(
        outcome=outcome,
        now_j=base_j * exp(change_log),
        baseline_j=base_j,
        tolerance=policy.tolerance,
        limit_j=base_j * (1 + tolerance),
        low=ratio_of(change_log - interval),
        high=ratio_of(change_log + interval),
        can_see=ratio_of(max(allowed_log, margin_log) + ONE_SIDED_95 * error) - 1,
        looks=len(kept),
        reason=reason,
    )


def _estimate(pairs: Sequence[Pair]) -> tuple[float, float, float]:
    """The change as a logarithm, its standard error, and the error's degrees of freedom.

    The trimmed mean, with the error that belongs to it (Yuen 1974: from the winsorised
    variance), widened by what pairs of the same processes share.
    """
    ratios_log = sorted(log(pair.head_j / pair.base_j) for pair in pairs)
    count = len(ratios_log)
    drop = int(count * TRIM)
    low_log, high_log = ratios_log[drop], ratios_log[count - drop - 1]
    pulled_in = [min(max(ratio_log, low_log), high_log) for ratio_log in ratios_log]
    mean = sum(pulled_in) / count
    variance = sum((ratio - mean) ** 2 for ratio in pulled_in) / (count - 1)
    kept = count - 2 * drop
    of_pairs = variance * (count - 1) / (kept * (kept - 1))
    batches = len({pair.processes for pair in pairs})
    of_processes = PROCESS_SD**2 / batches
    return trimmed_mean(ratios_log, TRIM), sqrt(of_pairs + of_processes), kept - 1


def _error_of_batches(pairs: Sequence[Pair]) -> tuple[float, float]:
    """The change's standard error with each batch as one observation, and its freedom.

    Pairs of one batch may agree on what only their processes have in common. The spread of few
    batches is drawn towards what processes and the pairs' own noise make of it.
    """
    batches: dict[int, list[float]] = {}
    for pair in pairs:
        batches.setdefault(pair.processes, []).append(log(pair.head_j / pair.base_j))
    centres = [trimmed_mean(ratios, TRIM) for ratios in batches.values()]
    mean = sum(centres) / len(centres)
    squares = sum((centre - mean) ** 2 for centre in centres)
    within = sum(
        (ratio - centre) ** 2
        for ratios, centre in zip(batches.values(), centres, strict=True)
        for ratio in ratios
    ) / max(len(pairs) - len(centres), 1)
    expected = PROCESS_SD_AT_WORST**2 + within * len(centres) / len(pairs)
    freedom = PRIOR_BATCHES + len(centres) - 1
    variance = (PRIOR_BATCHES * expected + squares) / freedom
    return sqrt(variance / len(centres)), freedom


def quantile(tail: float, freedom: float) -> float:
    """The value that Student's t exceeds with chance ``tail``.

    The expansion around the normal distribution (Abramowitz and Stegun 26.7.5): within 5 % for
    five degrees of freedom and a tail of 1e-4, far better for more.
    """
    from statistics import NormalDist  # only comparisons pay for it

    z = -NormalDist().inv_cdf(tail)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
