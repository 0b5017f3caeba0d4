"""Budgets: absolute ceilings on what a test may burn."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import trimmed_mean
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.looks import Look

__all__ = ["over_budget", "verdict_on_budget"]

# A test that costs 1.5 standard deviations less than its budget exceeds it in one run of 14,
# and in two fresh processes after that in one of 3,000.
LEAST_AGREEING = 2
MAX_LOOKS = 5

# Uncorrected, a single run was seen at 2.3 times its usual cost: what exceeds the budget by more
# is not noise.
BEYOND_NOISE = 2.5

# Nothing has no logarithm.
LEAST_J = 1e-12


def over_budget(now_j: float, budget_j: float) -> bool:
    """Whether one run exceeds the ceiling."""
    return now_j > budget_j


def verdict_on_budget(
    now_j: float, budget_j: float, looks: Sequence[Look], reason: str = ""
) -> Verdict | None:
    """The verdict on a run that exceeds ``budget_j``; ``None`` where one more look is needed.

    Over budget is a test whose later runs exceed it in looks, too: the first two agree, or the mean
    of five decides. Where only first runs exceed it, they convict an excess that is more than
    noise; alone in a process they pay for what earlier tests had paid for, so else the answer is
    inconclusive. ``reason`` says why there can be no further look: then it is inconclusive.
    """
    if not over_budget(now_j, budget_j):
        return Verdict(outcome=Outcome.OK, now_j=now_j, limit_j=budget_j)
    figures_j = [max(trimmed_mean(look.samples_j), LEAST_J) for look in looks if look.samples_j]
    answer = _answer(now_j, budget_j, figures_j, looks)
    if answer is None and (reason or len(looks) >= MAX_LOOKS):
        why = reason or "fresh processes gave different answers"
        answer = Outcome.INCONCLUSIVE, f"over its budget in the first run; {why}"
    if answer is None:
        return None
    outcome, why = answer
    if outcome is Outcome.OVER_BUDGET and figures_j and _mean_j(figures_j) > budget_j:
        now_j = _mean_j(figures_j)
    return Verdict(outcome=outcome, now_j=now_j, limit_j=budget_j, looks=1 + len(looks), reason=why)


def _answer(
    now_j: float, budget_j: float, figures_j: Sequence[float], looks: Sequence[Look]
) -> tuple[Outcome, str] | None:
    over = sum(over_budget(figure_j, budget_j) for figure_j in figures_j)
    if not figures_j or (over < len(figures_j) and _mean_j(figures_j) <= budget_j):
        return _first_runs_alone(now_j, budget_j, looks, repeats=bool(figures_j))
    if len(figures_j) >= LEAST_AGREEING and over == len(figures_j):
        return Outcome.OVER_BUDGET, f"{over} fresh processes confirm it"
    if len(figures_j) >= MAX_LOOKS:
        return (
            Outcome.OVER_BUDGET,
            f"the mean of {len(figures_j)} fresh processes is over the budget",
        )
    return None


def _first_runs_alone(
    now_j: float, budget_j: float, looks: Sequence[Look], *, repeats: bool
) -> tuple[Outcome, str] | None:
    if not looks:
        return None
    if any(not over_budget(look.first_j, budget_j) for look in looks):
        return Outcome.OK, "measured again: within its budget"
    if len(looks) < LEAST_AGREEING:
        return None
    if now_j > BEYOND_NOISE * budget_j:
        return Outcome.OVER_BUDGET, f"the first runs in {len(looks)} fresh processes confirm it"
    if not repeats and len(looks) < MAX_LOOKS:
        return None
    return (
        Outcome.INCONCLUSIVE,
        "only the first run in each process is over the budget (an import, a cache?)",
    )


def _mean_j(figures_j: Sequence[float]) -> float:
    return exp(sum(map(log, figures_j)) / len(figures_j))
