"""Results of shards, joined as if they had been one run."""

from __future__ import annotations

import pytest

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind
from pytest_carbon.result.facts import Course
from pytest_carbon.updates.join import by_environment, join_courses, join_results
from tests.results import run_result, subject

ONE, TWO = "test_a.py::test_one", "test_b.py::test_two"


def shard(selected: str, other: str, **more: object) -> Course:
    """The course of a shard of pytest-split: both are collected, one is deselected."""
    course = Course(
        exit_status=0,
        collected=(selected, other),
        deselected=(other,),
        outcomes={selected: "passed"},
    )
    return course._replace(**more)  # type: ignore[arg-type]


def test_shards_together_are_the_whole_suite() -> None:
    course = join_courses([shard(ONE, TWO), shard(TWO, ONE)])
    assert course.full_and_clean
    assert course.complete
    assert course.outcomes == {ONE: "passed", TWO: "passed"}
    assert set(course.collected) == {ONE, TWO}


def test_what_a_shard_lacks_the_whole_lacks() -> None:
    assert join_courses([shard(ONE, TWO), shard(ONE, TWO)]).deselected == (TWO,)
    short = join_courses([shard(ONE, TWO), shard(TWO, ONE, cut_short="stopped", lost_workers=1)])
    assert not short.complete
    assert short.lost_workers == 1
    assert not join_courses([shard(ONE, TWO, collection_errors=("c.py",))]).full_and_clean


def test_a_failure_anywhere_stays() -> None:
    failed = shard(ONE, TWO, outcomes={ONE: "failed"}, exit_status=1)
    for courses in ([failed, shard(ONE, TWO)], [shard(ONE, TWO), failed]):
        assert join_courses(courses).outcomes[ONE] == "failed"


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ((0, 0), 0),
        ((0, 5), 0),
        ((5, 5), 5),
        ((0, 1), 1),
        ((1, 2), 2),
        ((3, 1), 3),
        ((0, None), None),
    ],
)
def test_the_exit_status_is_the_worst(statuses: tuple[int | None, ...], status: int | None) -> None:
    courses = [shard(ONE, TWO, exit_status=each) for each in statuses]
    assert join_courses(courses).exit_status == status


def test_rows_add_up_and_tests_stand_side_by_side() -> None:
    start = "pytest and its plugins"
    results = [
        run_result(subject(ONE, 1.0), subject(start, 2.0, kind=Kind.RUNNER)),
        run_result(subject(TWO, 4.0), subject(start, 8.0, kind=Kind.RUNNER)),
    ]
    joined = join_results(results)
    assert [s.subject.id for s in joined.of(Kind.TEST)] == [ONE, TWO]
    (runner,) = joined.of(Kind.RUNNER)
    assert runner.total.energy_j == pytest.approx(10.0)
    assert joined.total is not None
    assert joined.total.energy_j == pytest.approx(15.0)
    assert joined.wall_s == sum(result.wall_s for result in results)


def test_of_a_test_that_ran_twice_the_regression_counts() -> None:
    fine = run_result(subject(ONE, outcome=Outcome.OK, baseline_j=1.0))
    worse = run_result(subject(ONE, 2.0, outcome=Outcome.REGRESSED, baseline_j=1.0))
    for results in ([fine, worse], [worse, fine]):
        (row,) = join_results(results).of(Kind.TEST)
        assert row.verdict is not None
        assert row.verdict.outcome is Outcome.REGRESSED
        assert row.times == 2


def test_environments_are_never_mixed() -> None:
    here = run_result()
    there = here._replace(environment=here.environment._replace(python="cpython-3.13"))
    assert list(by_environment([here, there, here]).values()) == [[here, here], [there]]
    with pytest.raises(ValueError, match="never added"):
        join_results([here, there])


def test_different_commits_and_intensities_are_said() -> None:
    one = run_result()
    assert one.origin is not None
    other = one._replace(
        origin=one.origin._replace(commit="f" * 40),
        intensity=one.intensity._replace(g_per_kwh=50.0, zone="FRA"),
    )
    notes = join_results([one, other]).notes
    assert any("results of 2 commits" in note for note in notes)
    assert any("473 (world), 50 (FRA)" in note for note in notes)
