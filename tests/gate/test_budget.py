"""Budgets: a ceiling, and what confirms that it was exceeded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.budget import budget_step, over_budget
from pytest_carbon.gate.looks import FreshProcess, Look
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome, Verdict

POLICY = Policy()


def fresh(*firsts_j: float) -> list[Look]:
    return [Look(samples_j=(first_j,), fresh_process=True) for first_j in firsts_j]


def outcome(*firsts_j: float, now_j: float = 1.1, elapsed_s: float = 0.0) -> Outcome | None:
    """The outcome for a budget of 1 J; ``None`` where another look is asked for."""
    step = budget_step(now_j, 1.0, fresh(*firsts_j), POLICY, elapsed_s)
    return step.outcome if isinstance(step, Verdict) else None


def test_a_run_within_its_budget_is_fine() -> None:
    assert not over_budget(1.0, 1.0)
    assert outcome(now_j=1.0) is Outcome.OK


def test_an_excess_is_confirmed_by_two_fresh_processes() -> None:
    assert budget_step(1.1, 1.0, [], POLICY, 0.0) == FreshProcess(repeats=0, after_s=2.0)
    assert outcome(1.1) is None
    assert outcome(1.1, 1.05) is Outcome.OVER_BUDGET


def test_an_unlucky_run_is_cleared_by_one() -> None:
    assert outcome(0.9) is Outcome.OK


def test_where_they_disagree_the_mean_of_five_decides() -> None:
    assert outcome(1.2, 0.99) is None
    assert outcome(1.2, 0.99, 1.1, 1.1, 1.1) is Outcome.OVER_BUDGET
    assert outcome(1.1, 0.99, 0.8) is Outcome.OK


def test_without_time_or_processes_it_is_inconclusive() -> None:
    assert outcome(elapsed_s=1000) is Outcome.INCONCLUSIVE
    step = budget_step(1.1, 1.0, [], POLICY, 0.0, fresh_processes=False)
    assert isinstance(step, Verdict)
    assert step.outcome is Outcome.INCONCLUSIVE


@given(st.lists(st.floats(0, 10), max_size=8), st.floats(0, 10))
def test_it_always_ends_and_one_run_never_convicts(firsts_j: list[float], now_j: float) -> None:
    answer = outcome(*firsts_j, now_j=now_j)
    if len(firsts_j) >= 5:
        assert answer is not None
    if answer is Outcome.OVER_BUDGET:
        assert sum(first_j > 1.0 for first_j in firsts_j) >= 1
        assert len(firsts_j) >= 2
