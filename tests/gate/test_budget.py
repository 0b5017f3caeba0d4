"""Budgets: a ceiling, and what confirms that it was exceeded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.budget import budget_step, over_budget
from pytest_carbon.gate.looks import FreshProcess, Look, Repeat
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome, Verdict

POLICY = Policy()


def outcome(
    *repeats_j: float,
    now_j: float = 1.1,
    first_j: float = 1.2,
    elapsed_s: float = 0.0,
    fresh: bool = True,
) -> Outcome | None:
    """The outcome for a budget of 1 J; ``None`` where another look is asked for."""
    looks = [
        Look(samples_j=(repeat_j,) * 2, first_j=first_j if fresh else None)
        for repeat_j in repeats_j
    ]
    step = budget_step(now_j, 1.0, looks, POLICY, elapsed_s, fresh_processes=fresh)
    return step.outcome if isinstance(step, Verdict) else None


def test_a_run_within_its_budget_is_fine() -> None:
    assert not over_budget(1.0, 1.0)
    assert outcome(now_j=1.0) is Outcome.OK


def test_an_excess_is_confirmed_by_two_fresh_processes() -> None:
    assert budget_step(1.1, 1.0, [], POLICY, 0.0) == FreshProcess(repeats=2, after_s=2.0)
    assert outcome(1.1) is None
    assert outcome(1.1, 1.05) is Outcome.OVER_BUDGET


def test_an_unlucky_run_is_cleared_by_one() -> None:
    assert outcome(0.9, first_j=0.95) is Outcome.OK


def test_where_they_disagree_the_mean_of_five_decides() -> None:
    assert outcome(1.2, 0.99) is None
    assert outcome(1.2, 0.99, 1.1, 1.1, 1.1) is Outcome.OVER_BUDGET
    assert outcome(1.1, 0.99, 0.8, first_j=0.9) is Outcome.OK


def test_an_excess_of_first_runs_alone_has_to_be_more_than_noise() -> None:
    """Alone in a process a first run pays for imports that earlier tests had paid for."""
    assert outcome(0.1, now_j=1.3) is None
    assert outcome(0.1, 0.1, now_j=1.3) is Outcome.INCONCLUSIVE
    assert outcome(0.1, 0.1, now_j=4.0, first_j=4.2) is Outcome.OVER_BUDGET


def test_without_fresh_processes_two_later_looks_have_to_agree() -> None:
    step = budget_step(1.1, 1.0, [], POLICY, 0.0, fresh_processes=False)
    assert isinstance(step, Repeat)
    assert step.after_s >= 5
    assert outcome(1.1, fresh=False) is None
    assert outcome(1.1, 1.1, fresh=False) is Outcome.OVER_BUDGET
    assert outcome(0.5, fresh=False) is Outcome.INCONCLUSIVE


def test_without_time_it_is_inconclusive() -> None:
    assert outcome(elapsed_s=1000) is Outcome.INCONCLUSIVE


@given(st.lists(st.floats(0, 10), max_size=8), st.floats(0, 10), st.floats(0, 10), st.booleans())
def test_it_always_ends_and_one_run_never_convicts(
    repeats_j: list[float], first_j: float, now_j: float, fresh: bool
) -> None:
    answer = outcome(*repeats_j, now_j=now_j, first_j=first_j, fresh=fresh)
    if len(repeats_j) >= 5:
        assert answer is not None
    if answer is Outcome.OVER_BUDGET:
        assert len(repeats_j) >= 2
        assert any(repeat_j > 1.0 for repeat_j in repeats_j) or first_j > 1.0
