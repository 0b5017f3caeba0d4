"""Which tests of two versions need no second thought after a few pairs.

A first pair of every test is all that most of them get. What one pair is worth is read off the
suite itself: most tests do not change, so their ratios show the noise, and tests of about the
same cost have about the same.
"""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.pairs.suspects import AIM_OF_PAIRS, SURE_ERRORS
from pytest_carbon.gate.spread import shrunk_sd, trimmed_mean, within
from pytest_carbon.gate.verdict import Outcome, Verdict, ratio_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.gate.pairs.suspects import Pair, PairedPolicy

__all__ = ["clears", "pair_spreads"]

# Tests of the same size that say what a pair of one of them is worth.
NEIGHBOURS = 20

# Taken where the suite says nothing, with the weight of so many tests.
TYPICAL_PAIR_SD = 0.05
PRIOR_TESTS = 6

# Clocks, and the layout of memory, leave this much between any two processes.
LEAST_PAIR_SD = 0.015

# A normal distribution's standard deviation in median absolute deviations.
SD_PER_MAD = 1.4826

# The part of a pair's variance that all pairs of the same two processes share: recorded are a
# tenth (a neighbour at work) to almost all of it (a quiet machine).
SHARED_BY_PAIRS = 0.5


def pair_spreads(pairs: Mapping[str, Pair]) -> dict[str, float]:
    """The standard deviation of one pair's log ratio for each test, from the first pairs of all.

    The median absolute deviation among tests of about the same cost, which a few changed tests
    do not move, drawn towards a typical one where there are few.
    """
    usable = {name: pair for name, pair in pairs.items() if pair.base_j > 0 and pair.head_j > 0}
    by_cost = sorted(usable, key=lambda name: usable[name].base_j)
    sizes_log = [abs(log(usable[name].head_j / usable[name].base_j)) for name in by_cost]
    spreads = {}
    for at, name in enumerate(by_cost):
        low = max(0, min(at - NEIGHBOURS // 2, len(by_cost) - NEIGHBOURS))
        near = sorted(sizes_log[low : low + NEIGHBOURS])
        sd = SD_PER_MAD * near[len(near) // 2]
        weight = len(near)
        variance = (weight * sd**2 + PRIOR_TESTS * TYPICAL_PAIR_SD**2) / (weight + PRIOR_TESTS)
        spreads[name] = max(sqrt(variance), LEAST_PAIR_SD)
    return spreads


def clears(pairs: Sequence[Pair], policy: PairedPolicy, pair_sd: float) -> Verdict | None:
    """The verdict where ``pairs`` rule out a change that must not be missed, else ``None``.

    ``pair_sd`` is the spread of one pair in the suite, towards which the test's own is drawn,
    except for the part that pairs of the same processes cannot show. A test whose rise stays
    below the floor is too small to gate. Nothing is ever called regressed here.
    """
    kept = [pair for pair in pairs if pair.base_j > 0 and pair.head_j > 0]
    if not kept:
        now_j = max((pair.head_j for pair in pairs), default=0.0)
        return _small(now_j, 0.0, policy, len(pairs)) if now_j < policy.least_rise_j else None
    base_j = exp(trimmed_mean([log(pair.base_j) for pair in kept]))
    processes = {pair.processes for pair in kept}
    change_log = sum(
        trimmed_mean([log(p.head_j / p.base_j) for p in kept if p.processes == process])
        for process in processes
    ) / len(processes)
    now_j = base_j * exp(change_log)
    if base_j < policy.least_rise_j and now_j - base_j < policy.least_rise_j:
        return _small(now_j, base_j, policy, len(kept))
    own_sd = shrunk_sd(_within_sd(kept), len(kept), pair_sd)
    error = sqrt(
        SHARED_BY_PAIRS * pair_sd**2 / len(processes)
        + (1 - SHARED_BY_PAIRS) * own_sd**2 / len(kept)
    )
    tolerance = policy.tolerance_of(base_j)
    aim_log = log1p(AIM_OF_PAIRS * tolerance)
    if change_log + SURE_ERRORS * error >= aim_log or change_log - SURE_ERRORS * error <= -aim_log:
        return None
    return Verdict(
        outcome=Outcome.OK,
        now_j=now_j,
        baseline_j=base_j,
        tolerance=policy.tolerance,
        limit_j=base_j * (1 + tolerance),
        low=ratio_of(change_log - 2 * error),
        high=ratio_of(change_log + 2 * error),
        can_see=ratio_of(aim_log) - 1,
        looks=len(kept),
        reason="a change of twice the tolerance is ruled out",
    )


def _within_sd(pairs: Sequence[Pair]) -> float | None:
    """The spread of the ratios within their processes; ``None`` for single pairs."""
    squares, freedom = within(
        [log(p.head_j / p.base_j) for p in pairs if p.processes == process]
        for process in {pair.processes for pair in pairs}
    )
    return sqrt(squares / freedom) if freedom else None


def _small(now_j: float, base_j: float, policy: PairedPolicy, looks: int) -> Verdict:
    return Verdict(
        outcome=Outcome.TOO_SMALL,
        now_j=now_j,
        baseline_j=base_j or None,
        tolerance=policy.tolerance,
        limit_j=base_j + policy.least_rise_j,
        looks=looks,
        reason="the rise is too small for the meter to resolve",
    )
