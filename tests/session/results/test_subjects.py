"""The results of a run, as they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

import pytest

from pytest_carbon.session.results.subjects import Results
from tests.results import subject

if TYPE_CHECKING:
    from pytest_carbon.session.results.outcome import OutcomeKeeper


class NoOutcomes:
    """Stands for what became of tests, of which nothing was reported."""

    def outcome_of(self, _test: str, _host: str) -> str:
        return ""


def no_results() -> Results:
    return Results(cast("OutcomeKeeper", NoOutcomes()))


def test_a_result_that_cannot_be_made_loses_none_of_the_others() -> None:
    def broken() -> NoReturn:
        raise OSError("the meter is gone")

    results = no_results()
    results.later(lambda: [subject("test_a.py::test_one")])
    results.later(broken)
    results.later(lambda: [subject("test_a.py::test_two")])
    with pytest.raises(OSError, match="meter"):
        results.take_pending()
    results.take_pending()
    assert [r.subject.id for r in results] == ["test_a.py::test_one", "test_a.py::test_two"]


def test_an_earlier_run_of_a_test_has_a_row_of_its_own() -> None:
    """So that no joule is lost, and a row is one measurement (xdist's ``each``, reruns)."""
    results = no_results()
    for energy_j in (1.0, 2.0, 4.0):
        results.add(subject("test_a.py::test_one", energy_j))
    test, earlier = results
    assert test.total.energy_j == pytest.approx(4.0)
    assert test.times == 3
    assert earlier.total.energy_j == pytest.approx(3.0)
