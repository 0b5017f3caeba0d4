"""Budgets: a ceiling, and what confirms that it was exceeded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.budget import MAX_LOOKS, over_budget, verdict_on_budget
from pytest_carbon.gate.looks import Look
from pytest_carbon.gate.verdict import Outcome, Verdict


def outcome(
    *later_j: float, now_j: float = 1.1, first_j: float = 1.2, reason: str = ""
) -> Outcome | None:
    """The outcome for a budget of 1 J; ``None`` where another look is asked for."""
    looks = [Look(samples_j=(one_j,) * 2, first_j=first_j) for one_j in later_j]
    verdict = verdict_on_budget(now_j, 1.0, looks, reason)
    return None if verdict is None else verdict.outcome


def test_a_run_within_its_budget_is_fine() -> None:
    assert not over_budget(1.0, 1.0)
    assert outcome(now_j=1.0) is Outcome.OK


def test_an_excess_is_confirmed_by_two_looks() -> None:
    assert outcome() is None
    assert outcome(1.1) is None
    assert outcome(1.1, 1.05) is Outcome.OVER_BUDGET


def test_what_looks_found_is_what_is_told() -> None:
    looks = [Look(first_j=9.0, samples_j=(1.5,) * 3)] * 2
    verdict = verdict_on_budget(9.0, 1.0, looks)
    assert verdict is not None
    assert verdict.now_j == pytest.approx(1.5)
    assert (verdict.limit_j, verdict.looks) == (1.0, 3)
    assert verdict.reason == "2 fresh processes confirm it"


def test_verdicts_on_budgets_in_full() -> None:
    def verdict(now_j: float, *looks: Look) -> Verdict | None:
        return verdict_on_budget(now_j, 1.0, looks)

    def over(now_j: float, looks: int, reason: str) -> Verdict:
        outcome = Outcome.OVER_BUDGET
        return Verdict(outcome=outcome, now_j=now_j, limit_j=1.0, looks=looks, reason=reason)

    later = [Look(first_j=1.2, samples_j=(one_j,)) for one_j in (1.6, 0.9, 1.6, 0.9, 1.6)]
    found = verdict(1.3, *later)
    mean_j = (1.6**3 * 0.9**2) ** 0.2
    assert found is not None
    assert found.now_j == pytest.approx(mean_j)
    reason = "the mean of 5 fresh processes is over the budget"
    assert found == over(found.now_j or 0.0, 6, reason)
    first = Look(first_j=4.0)
    reason = "the first runs in 2 fresh processes confirm it"
    assert verdict(4.0, first, first) == over(4.0, 3, reason)
    assert verdict(2.5, first, first) is None, "as much as noise was seen to make"
    low = Look(first_j=4.0, samples_j=(0.1,))
    assert verdict(4.0, low, low) == over(4.0, 3, reason), "what the session's own run has cost"
    doubt = verdict(1.3, low, low)
    assert doubt is not None
    assert doubt.reason == (
        "only the first run in each process is over the budget (an import, a cache?)"
    )
    large = verdict_on_budget(9.9, 4.0, [first._replace(first_j=9.9)] * 2)
    assert large is None, "2.5 times a budget of 4 J is 10 J"
    assert verdict(0.9) == Verdict(outcome=Outcome.OK, now_j=0.9, limit_j=1.0)
    ambiguous = [Look(first_j=1.2, samples_j=(one_j,)) for one_j in (1.2, 0.5, 1.2, 0.5)]
    assert verdict(1.3, *ambiguous[:1]) is None
    no_time = verdict_on_budget(1.3, 1.0, ambiguous[:1], "out of time")
    assert no_time is not None
    assert no_time.reason == "over its budget in the first run; out of time"
    cleared = verdict(1.3, Look(first_j=1.0))
    assert cleared is not None
    assert cleared.reason == "measured again: within its budget"


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


@pytest.mark.parametrize(
    ("now_j", "firsts_j", "expected"),
    [
        (1.3, [0.9], Outcome.OK),
        (1.3, [1.3, 0.9], Outcome.OK),
        (1.3, [1.3] * 4, None),
        (1.3, [1.3] * 5, Outcome.INCONCLUSIVE),
        (4.0, [4.0], None),
        (4.0, [4.0, 4.0], Outcome.OVER_BUDGET),
    ],
)
def test_a_test_that_cannot_run_twice_is_decided_by_first_runs(
    now_j: float, firsts_j: list[float], expected: Outcome | None
) -> None:
    looks = [Look(first_j=first_j) for first_j in firsts_j]
    verdict = verdict_on_budget(now_j, 1.0, looks)
    assert (None if verdict is None else verdict.outcome) is expected


def test_where_no_further_look_is_possible_it_is_inconclusive() -> None:
    verdict = verdict_on_budget(1.1, 1.0, [], "out of confirm time")
    assert verdict is not None
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "over its budget in the first run; out of confirm time"
    assert outcome(1.1, 1.1, reason="out of confirm time") is Outcome.OVER_BUDGET, "it is decided"


amounts = st.floats(0, 10)


@given(st.lists(amounts, max_size=8), amounts, amounts)
def test_it_always_ends_and_one_run_never_convicts(
    later_j: list[float], first_j: float, now_j: float
) -> None:
    answer = outcome(*later_j, now_j=now_j, first_j=first_j)
    if len(later_j) >= MAX_LOOKS:
        assert answer is not None
    if answer is Outcome.OVER_BUDGET:
        assert len(later_j) >= 2
        assert any(one_j > 1.0 for one_j in later_j) or first_j > 1.0


SEVERITY = [Outcome.OK, Outcome.INCONCLUSIVE, Outcome.OVER_BUDGET]


@given(amounts, st.floats(1, 3), st.integers(0, 8))
def test_more_energy_is_never_judged_more_mildly(level_j: float, factor: float, looks: int) -> None:
    answers = [
        outcome(*[now_j] * looks, now_j=now_j, first_j=now_j, reason="no time")
        for now_j in (level_j, level_j * factor)
    ]
    mild, severe = (SEVERITY.index(answer) for answer in answers if answer is not None)
    assert mild <= severe
