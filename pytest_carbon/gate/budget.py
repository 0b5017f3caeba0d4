"""Budgets: absolute ceilings on what a test may burn."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from pytest_carbon.gate.confirm import FRESH_AFTER_S
from pytest_carbon.gate.looks import FreshProcess
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
) -> FreshProcess | Verdict:
    """What to do next about a run that exceeds ``budget_j``, ``elapsed_s`` into it.

    A budget is on what a test costs when it runs, so only first runs in fresh processes count:
    the first two agree, or the mean of five decides. Where there is no fresh process, or no
    time, the answer is inconclusive.
    """
    firsts = [look.samples_j[0] for look in looks if look.fresh_process and look.samples_j]
    if not over_budget(now_j, budget_j):
        return Verdict(outcome=Outcome.OK, now_j=now_j, limit_j=budget_j)
    over = sum(over_budget(first_j, budget_j) for first_j in firsts)
    mean_j = exp(sum(log(max(first_j, 1e-12)) for first_j in firsts) / len(firsts)) if firsts else 0
    outcome = None
    if len(firsts) >= LEAST_LOOKS and over == len(firsts):
        outcome, reason = Outcome.OVER_BUDGET, f"{over} fresh processes agree"
    elif firsts and over < len(firsts) and mean_j <= budget_j:
        outcome, reason = Outcome.OK, "a second look did not exceed the budget"
    elif len(looks) >= MAX_LOOKS and firsts:
        outcome, reason = (
            Outcome.OVER_BUDGET,
            f"the mean of {len(firsts)} fresh processes exceeds it",
        )
    elif not fresh_processes or len(looks) >= MAX_LOOKS:
        outcome, reason = (
            Outcome.INCONCLUSIVE,
            "over its budget once; it cannot run in a new process",
        )
    elif elapsed_s >= policy.confirm_time_s:
        outcome, reason = Outcome.INCONCLUSIVE, "over its budget once; out of confirm time"
    if outcome is None:
        return FreshProcess(repeats=0, after_s=FRESH_AFTER_S)
    return Verdict(
        outcome=outcome,
        now_j=mean_j if firsts else now_j,
        limit_j=budget_j,
        looks=1 + len(firsts),
        reason=reason,
    )
