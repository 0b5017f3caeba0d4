"""Looks that are stored: at which tests, how often, and what they leave."""

from __future__ import annotations

import pytest

from pytest_carbon.gate.sums import SUBSET_S
from pytest_carbon.looks.answer import Sample, UnitAnswer
from pytest_carbon.looks.to_store import look_to_store, worth_a_look
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result.subject import LookRuns, SubjectResult
from pytest_carbon.tasks.names import SEPARATOR
from tests.looks.conftest import Host, cost

FLOOR_J = 0.003


def result(name: str, energy_j: float, wall_s: float = 0.1) -> SubjectResult:
    return SubjectResult(
        subject=Subject(Kind.TEST, name),
        phases={},
        total=cost(energy_j, wall_s),
        test_outcome="passed",
    )


def names(tests: list[SubjectResult]) -> list[str]:
    return [test.subject.id for test in tests]


def gathered(
    host: Host, *tests: SubjectResult, tasks: dict[str, list[Subject]] | None = None
) -> tuple[dict[Subject, LookRuns], dict[str, str]]:
    return look_to_store(
        tests,
        tasks or {},
        host.taker,
        floor_j=FLOOR_J,
        most_repeats=3,
        sensitivity=lambda _: 0.9,
        timeout_s=30.0,
    )


def test_all_tests_above_the_floor_are_looked_at() -> None:
    tests = [result(f"t.py::test_{number}", 1.0) for number in range(1000)]
    assert worth_a_look(tests, FLOOR_J) == tests


def test_of_a_files_short_tests_only_as_many_as_their_sum_needs() -> None:
    short = [result(f"short.py::test_{number}", 0.001, 0.001) for number in range(3000)]
    few = [result(f"few.py::test_{number}", 0.001, 0.001) for number in range(3)]
    chosen = names(worth_a_look([*short, *few], FLOOR_J))
    some = sum(name.startswith("short.py") for name in chosen)
    assert 30 < some <= SUBSET_S / 0.001
    assert sum(name.startswith("few.py") for name in chosen) == 3


def test_what_is_not_known_or_not_gated_is_left_out() -> None:
    lost = result("t.py::test_lost", 1.0)
    lost = lost._replace(total=lost.total._replace(missing=("rapl",)))
    benchmark = result("t.py::test_fast", 1.0)._replace(ungated="uses the fixture benchmark")
    assert worth_a_look([lost, benchmark], FLOOR_J) == []


def test_nothing_is_started_for_nothing() -> None:
    host = Host()
    assert gathered(host) == ({}, {})
    assert host.orders == []


def test_all_tests_share_one_look() -> None:
    host = Host({"t.py::test_one": 1.0, "t.py::test_two": 2.0})
    found, problems = gathered(host, result("t.py::test_one", 1.0), result("t.py::test_two", 2.0))
    assert problems == {}
    assert len(host.orders) == 1
    look = found[Subject(Kind.TEST, "t.py::test_two")]
    assert look.first.energy_j == 2.0
    assert [run.energy_j for run in look.repeats] == [2.0] * 3


@pytest.mark.parametrize(
    ("energy_j", "wall_s", "repeats"), [(1.0, 0.1, 3), (1.0, 60.0, 1), (0.001, 0.001, 1)]
)
def test_long_and_short_tests_run_again_once(energy_j: float, wall_s: float, repeats: int) -> None:
    host = Host({"t.py::test_one": energy_j})
    gathered(host, result("t.py::test_one", energy_j, wall_s))
    assert host.orders[0].units[0].repeats == repeats


def test_a_test_that_cannot_run_twice_leaves_its_first_run_and_says_why() -> None:
    once = UnitAnswer(first=Sample(cost(1.0)), problem="it failed (the port is taken)")
    host = Host({"t.py::test_one": once, "t.py::test_two": UnitAnswer(problem="it failed")})
    found, problems = gathered(host, result("t.py::test_one", 1.0), result("t.py::test_two", 1.0))
    assert problems == {
        "t.py::test_one": "it failed (the port is taken)",
        "t.py::test_two": "it failed",
    }
    assert list(found) == [Subject(Kind.TEST, "t.py::test_one")]
    assert found[Subject(Kind.TEST, "t.py::test_one")].repeats == ()


def test_tasks_that_run_each_time_have_looks_of_their_own() -> None:
    owner = "t.py::test_one"
    load, rare = (Subject(Kind.TASK, f"{owner}{SEPARATOR}{path}") for path in ("load", "rare"))
    first = Sample(cost(1.0), tasks=(cost(0.25), cost(0.5)))
    later = Sample(cost(1.0), tasks=(cost(0.2), None))
    host = Host({owner: UnitAnswer(first=first, repeats=(later,))})
    found, _ = gathered(host, result(owner, 1.0), tasks={owner: [load, rare]})
    assert [task.path for task in host.orders[0].asks[0].tasks] == ["load", "rare"]
    assert found[load].first.energy_j == 0.25
    assert [run.energy_j for run in found[load].repeats] == [0.2]
    assert rare not in found


def test_what_later_runs_write_to_a_disk_is_kept_with_the_kernels_share() -> None:
    first = Sample(cost(1.0), blocks_written=900, kernel_s=0.09, cpu_s=0.1)
    later = Sample(cost(1.0), blocks_written=8, kernel_s=0.02, cpu_s=0.1)
    host = Host({"t.py::test_one": UnitAnswer(first=first, repeats=(later, later))})
    found, _ = gathered(host, result("t.py::test_one", 1.0))
    (look,) = found.values()
    assert look.disk_share == pytest.approx(0.2)
    assert look.blocks_written == 8


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(Sample(cost(1.0), (), 0, 0.05, 0.1), id="it writes nothing"),
        pytest.param(Sample(cost(1.0), (), 8, 0.004, 0.004), id="one tick tells nothing"),
    ],
)
def test_what_is_not_known_of_a_disk_is_not_kept(sample: Sample) -> None:
    host = Host({"t.py::test_one": UnitAnswer(first=sample, repeats=(sample,))})
    found, _ = gathered(host, result("t.py::test_one", 1.0))
    (look,) = found.values()
    assert (look.disk_share, look.blocks_written) == (None, None)
