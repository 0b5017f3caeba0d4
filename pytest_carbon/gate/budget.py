"""Budgets: absolute ceilings on what a test may burn."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from pytest_carbon.gate.confirm import FRESH_AFTER_S, LATER_AFTER_S
from pytest_carbon.gate.looks import FreshProcess, Repeat
from pytest_carbon.gate.spread import trimmed_mean
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.looks import Look
    from pytest_carbon.gate.policy import Policy

__all__ = ["budget_step", "over_budget"]

# A test that costs 1.5 standard deviations less than its budget exceeds it in one run of 14,
# and in two fresh processes after that in one of 3,000.
LEAST_LOOKS = 2
MAX_LOOKS = 5

# Repeats of a look in a fresh process, and runs of one in the test's own process.
FRESH_REPEATS = 2
LATER_REPEATS = 3

# Uncorrected, a single run was seen at 2.3 times its usual cost: what exceeds the budget by more
# is not noise.
BEYOND_NOISE = 2.5

# Nothing has no logarithm.
LEAST_J = 1e-12


def over_budget(now_j: float, budget_j: float) -> bool:
    """Whether one run exceeds the ceiling."""
    return now_j > budget_j


def budget_step(
    now_j: float,
    budget_j: float,
    looks: Sequence[Look],
    policy: Policy,
    elapsed_s: float,
    *,
    fresh_processes: bool = True,
) -> Repeat | FreshProcess | Verdict:
    """What to do next about a run that exceeds ``budget_j``, ``elapsed_s`` into it.

    Over budget is a test whose repeats in fresh processes exceed it, too: the first two agree, or
    the mean of five decides. Without fresh processes two later looks have to agree. Where only
    first runs exceed it, they convict an excess that is more than noise; alone in a process they
    pay for what earlier tests had paid for, so else the answer is inconclusive.
    """
    if not over_budget(now_j, budget_j):
        return Verdict(outcome=Outcome.OK, now_j=now_j, limit_j=budget_j)
    found = [look for look in looks if look.fresh_process is fresh_processes]
    figures_j = [max(trimmed_mean(look.samples_j), LEAST_J) for look in found if look.samples_j]
    answer = _answer(now_j, budget_j, figures_j, found)
    if answer is None and (elapsed_s >= policy.confirm_time_s or len(looks) >= 2 * MAX_LOOKS):
        answer = Outcome.INCONCLUSIVE, "over its budget once; out of confirm time"
    if answer is None:
        if fresh_processes:
            return FreshProcess(repeats=FRESH_REPEATS, after_s=FRESH_AFTER_S)
        return Repeat(count=LATER_REPEATS, after_s=LATER_AFTER_S)
    outcome, reason = answer
    if outcome is Outcome.OVER_BUDGET and figures_j and _mean_j(figures_j) > budget_j:
        now_j = _mean_j(figures_j)
    return Verdict(
        outcome=outcome, now_j=now_j, limit_j=budget_j, looks=1 + len(found), reason=reason
    )


def _answer(
    now_j: float, budget_j: float, figures_j: Sequence[float], found: Sequence[Look]
) -> tuple[Outcome, str] | None:
    over = sum(over_budget(figure_j, budget_j) for figure_j in figures_j)
    if over < len(figures_j) and _mean_j(figures_j) <= budget_j:
        return _first_runs_alone(now_j, budget_j, found)
    if len(figures_j) >= LEAST_LOOKS and over == len(figures_j):
        return Outcome.OVER_BUDGET, f"{over} later looks agree"
    if len(figures_j) >= MAX_LOOKS:
        return Outcome.OVER_BUDGET, f"the mean of {len(figures_j)} later looks exceeds it"
    return None


def _first_runs_alone(
    now_j: float, budget_j: float, found: Sequence[Look]
) -> tuple[Outcome, str] | None:
    firsts_j = [look.first_j for look in found if look.first_j is not None]
    if not firsts_j:
        return Outcome.INCONCLUSIVE, "only its first run is over its budget"
    if any(not over_budget(first_j, budget_j) for first_j in firsts_j):
        return Outcome.OK, "a second look did not exceed the budget"
    if len(firsts_j) < LEAST_LOOKS:
        return None
    if now_j > BEYOND_NOISE * budget_j:
        return Outcome.OVER_BUDGET, f"the first runs in {len(firsts_j)} fresh processes agree"
    return (
        Outcome.INCONCLUSIVE,
        "only first runs are over its budget, which alone in a process pay for more",
    )


def _mean_j(figures_j: Sequence[float]) -> float:
    return exp(sum(map(log, figures_j)) / len(figures_j))
