"""What runs say of short tests, and of their files' sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.gate.policy import Policy
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Subject
from pytest_carbon.result.facts import Course
from pytest_carbon.result.subject import LookRuns, SubjectResult
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import (
    plan_runs,
    preview_refresh,
)
from tests.results import cost, run_result, subject

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult


def short(name: str, energy_j: float, look_j: float | None = None) -> SubjectResult:
    """A test of a file of short ones; its look's first run is dearer than the next."""

    def at(joules: float) -> Measurement:
        return cost(joules)._replace(energies=(DomainEnergy("cpu", joules, 0, Method.MODELLED),))

    looks: tuple[LookRuns, ...] = ()
    if look_j is not None:
        looks = (LookRuns(first=at(2 * look_j), repeats=(at(look_j),)),)
    return subject(f"short.py::{name}")._replace(
        total=at(energy_j), test_outcome="passed", looks=looks
    )


def round_with(*tests: SubjectResult) -> RunResult:
    outcomes = {test.subject.id: "passed" for test in tests}
    return run_result(*tests)._replace(
        reference_ns=None,
        course=Course(outcomes=outcomes, collected=tuple(outcomes)),
    )


SUM = Subject(Kind.FILE, "short.py")
FLOOR = Policy(floor_j=0.003)


def test_short_tests_are_stored_as_centres_and_as_their_files_sum() -> None:
    runs = [
        round_with(short("test_a", a_j, 0.0008), short("test_b", b_j, 0.0018))
        for a_j, b_j in ((0.001, 0.002), (0.0012, 0.0019), (0.0011, 0.0021))
    ]
    entries = plan_runs(None, runs, Mode.CHANGED, FLOOR).file.entries
    test = entries[Subject(Kind.TEST, "short.py::test_a")]
    assert test.is_short
    assert test.first.centre_j == pytest.approx(0.0011)
    assert test.look is not None
    assert test.look.centre_j == pytest.approx(0.0008)
    whole = entries[SUM]
    assert not whole.is_short
    assert whole.first.processes == 3
    assert whole.first.centre_j == pytest.approx(0.0031, rel=0.02)
    assert whole.look is not None
    assert whole.look.centre_j == pytest.approx(0.0026)


def test_tests_above_the_floor_are_in_no_sum() -> None:
    runs = [round_with(short("test_a", 0.001), short("test_long", 1.0))]
    entries = plan_runs(None, runs, Mode.CHANGED, FLOOR).file.entries
    assert entries[SUM].first.centre_j == pytest.approx(0.001)
    assert not entries[Subject(Kind.TEST, "short.py::test_long")].is_short


def test_a_sum_holds_tests_that_ran_in_every_round_only() -> None:
    runs = [
        round_with(short("test_a", 0.001), short("test_b", 0.002)),
        round_with(short("test_a", 0.001)),
    ]
    entries = plan_runs(None, runs, Mode.CHANGED, FLOOR).file.entries
    assert entries[SUM].first.centre_j == pytest.approx(0.001)


def test_a_sum_stays_where_a_stored_part_of_it_was_not_measured() -> None:
    both = round_with(short("test_a", 0.001), short("test_b", 0.002))
    before = plan_runs(None, [both], Mode.CHANGED, FLOOR).file
    after = plan_runs(before, [round_with(short("test_a", 0.0025))], Mode.ALL, FLOOR).file
    assert after.entries[SUM] == before.entries[SUM]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_new_short_test_is_no_rise_of_its_file(mode: Mode) -> None:
    before = plan_runs(None, [round_with(short("test_a", 0.001))], Mode.CHANGED, FLOOR).file
    more = round_with(short("test_a", 0.001), short("test_new", 0.002))
    plan = plan_runs(before, [more], mode, FLOOR)
    whole = plan.file.entries[SUM]
    assert whole.first.centre_j == pytest.approx(0.003)
    assert whole.anchor_j == pytest.approx(0.003)
    assert not [line for line in preview_refresh(plan) if line.startswith("raised")]


def test_a_test_that_grows_above_the_floor_leaves_its_files_sum() -> None:
    before = plan_runs(
        None, [round_with(short("test_a", 0.001), short("test_b", 0.002))], Mode.CHANGED, FLOOR
    ).file
    grown = round_with(short("test_a", 0.001), short("test_b", 0.5))
    after = plan_runs(before, [grown], Mode.ALL, FLOOR).file.entries
    assert not after[Subject(Kind.TEST, "short.py::test_b")].is_short
    assert after[SUM].first.centre_j == pytest.approx(0.001)
