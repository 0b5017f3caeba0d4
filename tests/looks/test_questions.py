"""What is asked about a subject."""

from __future__ import annotations

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.looks import Look
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome
from tests.looks.conftest import against_baseline, against_budget


def look(energy_j: float) -> Look:
    return Look(first_j=energy_j, samples_j=(energy_j,) * 4)


def test_a_suspect_is_held_against_its_baseline() -> None:
    question = against_baseline("t.py::test_one", 3.0)
    assert question.verdict([look(3.0)]) is None
    convicted, cleared = question.verdict([look(3.0)] * 2), question.verdict([look(1.0)])
    assert convicted is not None
    assert cleared is not None
    assert (convicted.outcome, cleared.outcome) == (Outcome.REGRESSED, Outcome.OK)


def test_a_budget_is_a_ceiling() -> None:
    question = against_budget("t.py::test_one", 3.0)
    assert question.verdict([look(1.2)]) is None
    exceeded, kept = question.verdict([look(1.2)] * 2), question.verdict([look(0.8)])
    assert exceeded is not None
    assert kept is not None
    assert (exceeded.outcome, kept.outcome) == (Outcome.OVER_BUDGET, Outcome.OK)


@pytest.mark.parametrize("question", [against_baseline("t", 3.0), against_budget("t", 3.0)])
def test_the_excess_says_what_is_most_urgent(question: object) -> None:
    assert getattr(question, "excess", None) == pytest.approx(3.0)


def test_a_limit_of_nothing_is_not_divided_by() -> None:
    assert against_budget("t")._replace(budget_j=0.0).excess == 1.0
    nothing = Bounds.of(Entry(first=Spread(centre_j=0.0)), Policy())
    case = against_baseline("t")
    assert case._replace(suspect=case.suspect._replace(bounds=nothing)).excess == 1.0


def test_a_first_run_within_the_budget_is_enough() -> None:
    assert against_budget("t").enough_j(4) == (1.0,)
    assert against_budget("t").enough_j(0) == ()


def test_the_thorough_mode_ends_no_look_early() -> None:
    assert len(against_baseline("t").enough_j(4)) == 4
    assert against_baseline("t", policy=Policy().in_thorough_mode()).enough_j(4) == ()


def test_without_an_answer_both_are_inconclusive() -> None:
    for question in (against_baseline("t"), against_budget("t")):
        verdict = question.unanswered([], "no process can be started")
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert "no process can be started" in verdict.reason
