"""Tests too short for the meter, seen together."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.looks import questions
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Subject
from pytest_carbon.result.subject import SubjectResult
from pytest_carbon.session.confirm.file_sums import file_sums
from pytest_carbon.session.judge import Judge
from tests.results import INTENSITY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Run = Callable[..., pytest.RunResult]

POLICY = Policy(floor_j=0.003)
BASE_J = 0.001
WALL_S = 0.001


def judge(entries: Mapping[Subject, Entry], policy: Policy = POLICY) -> Judge:
    return Judge(entries, policy, INTENSITY, method="model", follows_speed=True)


def short_test(file: str, number: int) -> Subject:
    return Subject(Kind.TEST, f"{file}::test_{number}")


def stored(file: str, count: int, *, looks: bool = True) -> dict[Subject, Entry]:
    """The baselines of a file of short tests, and of their sum."""
    entry = short_entry(BASE_J, BASE_J if looks else None)
    whole = Spread(centre_j=count * BASE_J, sd_log=0.03, samples=10, processes=10)
    entries = {short_test(file, number): entry for number in range(count)}
    entries[Subject(Kind.FILE, file)] = Entry(first=whole, look=whole if looks else None)
    return entries


def ran(entries: Mapping[Subject, Entry], growth: float = 1.0) -> list[SubjectResult]:
    """What those tests cost in a run, with the verdict that each has by itself."""
    results = []
    for subject, entry in entries.items():
        if subject.kind is not Kind.TEST:
            continue
        now_j = BASE_J * growth
        energy = DomainEnergy("cpu", now_j, 0.0, Method.MODELLED)
        total = Measurement(cpu_s=WALL_S, wall_s=WALL_S, work_s=WALL_S, energies=(energy,))
        verdict = verdict_without_confirmation(now_j, Bounds.of(entry, POLICY))
        assert verdict.outcome is Outcome.TOO_SMALL
        results.append(SubjectResult(subject=subject, phases={}, total=total, verdict=verdict))
    return results


def test_a_file_that_costs_as_before_is_fine_without_a_look() -> None:
    entries = stored("a.py", 20)
    (one,) = file_sums(ran(entries), judge(entries))
    assert not one.is_open
    row = one.row(None)
    assert (row.subject, row.times) == (Subject(Kind.FILE, "a.py"), 20)
    assert row.verdict is not None
    assert row.verdict.outcome is Outcome.OK
    assert row.total.energy_j == pytest.approx(20 * BASE_J)


def test_a_file_whose_tests_all_grew_is_a_suspect() -> None:
    entries = stored("a.py", 20) | stored("b.py", 20)
    grown = ran(stored("a.py", 20), 1.4)
    one, other = file_sums([*grown, *ran(stored("b.py", 20))], judge(entries))
    assert (one.is_open, other.is_open) == (True, False)
    assert one.at_once is None
    assert one.part.first_j == pytest.approx(20 * BASE_J * 1.4)


def test_of_thousands_of_tests_some_are_run_again_and_held_against_their_own_sum() -> None:
    entries = stored("a.py", 3000)
    (one,) = file_sums(ran(entries, 1.4), judge(entries))
    assert len(one.chosen) < 1000
    assert one.part.first_j == pytest.approx(len(one.chosen) * BASE_J * 1.4)
    assert one.part.bounds.entry.first.centre_j == pytest.approx(len(one.chosen) * BASE_J)
    assert one.whole.first_j == pytest.approx(3000 * BASE_J * 1.4)


def test_tests_that_wait_are_held_to_what_their_whole_file_is() -> None:
    """A pass over all takes too long, and the few that are run are no file of their own."""
    entries = stored("a.py", 40)
    waiting = [
        result._replace(total=result.total._replace(wall_s=0.05)) for result in ran(entries, 1.6)
    ]
    # A third of what the file costs, which is more than the tolerance.
    (one,) = file_sums(waiting, judge(entries, Policy(floor_j=40 * BASE_J / 3)))
    assert len(one.chosen) == 10
    assert one.whole.bounds.allowed_log == pytest.approx(log(4 / 3))
    assert one.part.bounds.allowed_log == pytest.approx(one.whole.bounds.allowed_log)


def test_only_tests_with_a_stored_look_are_run_again_where_there_are_any() -> None:
    entries = stored("a.py", 20)
    new = short_test("a.py", 7)
    entries[new] = entries[new]._replace(look=None)
    (one,) = file_sums(ran(entries, 1.4), judge(entries))
    assert new not in {test.subject for test in one.chosen}
    assert len(one.chosen) == 19


def test_a_failing_row_names_the_tests_that_moved_most() -> None:
    entries = stored("a.py", 20)
    results = ran(entries, 1.3)
    dear = results[3].total._replace(energies=(DomainEnergy("cpu", 0.003, 0, Method.MODELLED),))
    results[3] = results[3]._replace(total=dear)
    (one,) = file_sums(results, judge(entries))
    row = one.row(Verdict(outcome=Outcome.REGRESSED, now_j=1.0, baseline_j=0.5))
    assert len(row.notes) == 5
    assert row.notes[0] == "a.py::test_3: 1.00 mJ → 3.00 mJ (+200 %)"


def test_a_sum_that_crept_up_is_told_at_once() -> None:
    entries = stored("a.py", 20)
    file = Subject(Kind.FILE, "a.py")
    entries[file] = entries[file]._replace(anchor_j=20 * BASE_J / 2)
    (one,) = file_sums(ran(entries), judge(entries))
    assert not one.is_open
    assert one.at_once is not None
    assert one.at_once.outcome is Outcome.REGRESSED
    assert "add up to too much" in one.at_once.reason


def test_the_question_is_about_the_chosen_tests() -> None:
    entries = stored("a.py", 20)
    (one,) = file_sums(ran(entries, 1.4), judge(entries))
    tested = questions.Tested(tests=("a.py::test_1",), sensitivities=(0.9,), wall_s=WALL_S)
    question = one.question(tested)
    assert question.tested is tested
    assert question.excess == pytest.approx(1.4)


def test_tests_that_are_gated_by_themselves_are_in_no_sum() -> None:
    entries = stored("a.py", 1)
    (result,) = ran(entries)
    ok = Verdict(outcome=Outcome.OK, now_j=1.0)
    assert file_sums([result._replace(verdict=ok)], judge(entries)) == []
    assert file_sums([result._replace(verdict=None)], judge(entries)) == []


SHORT = """
import pytest

def work(rounds):
    for _ in range(rounds):
        sum(range(2_000))

@pytest.mark.parametrize("number", range(120))
def test_short(number):
    work({rounds})
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_many_short_tests_that_all_grew_fail_the_run(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    """Each grew by less than the floor, together they are a regression."""
    # A test's joules differ fivefold between machines; this floor is above them on all.
    pytester.makeini("[pytest]\ncarbon_floor = 30 mJ\n")
    pytester.makepyfile(test_short=SHORT.format(rounds=10))
    carbon("--carbon-update").assert_outcomes(passed=120)
    wide = "--carbon-tolerance=500%"
    run = carbon(wide, *workers)
    assert run.ret == pytest.ExitCode.OK, run.stdout.str()
    run.stdout.fnmatch_lines(["*120 too small to gate*"])
    # Twentyfold, as runs beside others differ threefold by themselves.
    pytester.makepyfile(test_short=SHORT.format(rounds=200))
    run = carbon(wide, *workers)
    run.assert_outcomes(passed=120)
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["regressed: test_short.py (*): * → *J (+*); *moved most: *"])
