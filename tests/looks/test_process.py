"""Looks by real processes: what tests do to them, and what is known all the same."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_carbon.looks.invocation import plain_invocation
from pytest_carbon.looks.order import Ask, AskedTask, LookOrder, Unit
from pytest_carbon.looks.process import take_look

if TYPE_CHECKING:
    from pytest_carbon.looks.answer import UnitAnswer
    from pytest_carbon.looks.invocation import Invocation

FILE = "test_it.py"


@pytest.fixture
def invocation(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Invocation:
    """pytest in the test's own folder, as a user starts it."""
    pytester.makeini("[pytest]\ncarbon_speed = off\n")
    temporary = pytester.mkdir("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return plain_invocation(["-p", "no:randomly", "--carbon"], pytester.path, dict(os.environ))


def order(*names: str, repeats: int = 1, timeout_s: float = 60.0) -> LookOrder:
    """Each of these tests as a unit."""
    tests = [f"{FILE}::{name}" for name in names]
    return LookOrder(
        asks=tuple(Ask(test=test, sensitivity=0.9, timeout_s=timeout_s) for test in tests),
        units=tuple(Unit(tests=(test,), repeats=repeats) for test in tests),
        reference_ns=None,
        probe="off",
    )


def taken(asked: LookOrder, invocation: Invocation) -> list[UnitAnswer]:
    """The units' answers, in the order of asking."""
    answers = take_look(asked, invocation)
    assert list(Path(tempfile.gettempdir()).glob("pytest-carbon-look-*")) == []
    return [answers[unit] for unit in asked.units]


@pytest.mark.cold_start
def test_a_test_runs_once_and_as_often_again_as_is_asked(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        RUNS = []

        def test_one():
            RUNS.append(sum(range(10_000 if RUNS else 3_000_000)))
        """
    )
    (answer,) = taken(order("test_one", repeats=2), invocation)
    assert answer.problem == ""
    assert answer.first is not None
    assert len(answer.repeats) == 2
    first_j, *later_j = [s.cost.energy_j or 0.0 for s in (answer.first, *answer.repeats)]
    assert first_j > 3 * max(later_j), "each run has its own figure"


def test_only_what_is_asked_for_runs(pytester: pytest.Pytester, invocation: Invocation) -> None:
    pytester.makepyfile(
        test_it="""
        from pathlib import Path

        def note(name):
            with Path(__file__).with_name("ran.txt").open("a") as file: file.write(name)

        def test_one(): note("1")
        def test_two(): note("2")
        """,
        test_other="1 / 0",
    )
    taken(order("test_two", repeats=0), invocation)
    assert (pytester.path / "ran.txt").read_text() == "2"


def test_a_test_that_ends_its_process_costs_its_own_answer_only(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        import os, signal

        def test_one(): pass
        def test_leaves(): os._exit(3)
        def test_dies(): os.kill(os.getpid(), signal.SIGKILL)
        def test_two(): pass
        """
    )
    one, leaves, dies, two = taken(
        order("test_one", "test_leaves", "test_dies", "test_two"), invocation
    )
    assert leaves.problem == "it ended its process with exit status 3"
    assert dies.problem == "it was ended by signal 9"
    assert one.first is not None
    assert two.first is not None
    assert (one.problem, two.problem) == ("", "")


def test_a_test_that_hangs_is_ended_and_the_others_go_on(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        import time

        def test_hangs(): time.sleep(1000)
        def test_two(): pass
        """
    )
    asked = order("test_hangs", "test_two")
    asked = asked._replace(asks=(asked.asks[0]._replace(timeout_s=0.2), asked.asks[1]))
    hangs, two = taken(asked, invocation)
    assert hangs.problem == "it did not end in time"
    assert two.first is not None


def test_what_a_test_has_started_and_left_ends_with_the_look(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        import subprocess, sys

        def test_one():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
            open("child.txt", "w").write(str(child.pid))
        """
    )
    taken(order("test_one", repeats=0), invocation)
    child = int((pytester.path / "child.txt").read_text())
    until_s = time.monotonic() + 60
    while _runs(child):
        assert time.monotonic() < until_s


def _runs(pid: int) -> bool:
    """Whether a process is there, and no mere entry for one that has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_test_that_is_not_there_any_more_says_so(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(test_it="def test_one(): pass")
    one, gone = taken(order("test_one", "test_gone"), invocation)
    assert one.first is not None
    assert "is not collected" in gone.problem


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("assert not 'ready'", "it failed (AssertionError: assert not 'ready')"),
        ("import pytest; pytest.skip('not here')", "it was skipped or failed as expected"),
    ],
)
def test_a_test_that_does_not_pass_says_why(
    pytester: pytest.Pytester, invocation: Invocation, body: str, problem: str
) -> None:
    pytester.makepyfile(test_it=f"def test_one(): {body}")
    (answer,) = taken(order("test_one"), invocation)
    assert answer.first is None
    assert answer.problem == problem


def test_a_test_that_cannot_run_twice_keeps_its_first_run(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        RUNS = []

        def test_one():
            RUNS.append(1)
            assert len(RUNS) == 1
        """
    )
    (answer,) = taken(order("test_one", repeats=3), invocation)
    assert answer.first is not None
    assert answer.repeats == ()
    assert answer.problem.startswith("it failed (assert")


def test_a_unit_that_is_cleared_runs_no_further(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(test_it="def test_one(): open('runs.txt', 'a').write('1')")
    asked = order("test_one", repeats=4)
    (unit,) = asked.units
    dear = (1e9,) * 4
    (answer,) = taken(asked._replace(units=(unit._replace(enough_j=dear),)), invocation)
    assert answer.is_enough
    assert (pytester.path / "runs.txt").read_text() == "1"


def test_short_tests_run_after_each_other_in_each_pass(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        def test_a(): open('runs.txt', 'a').write('a')
        def test_b(): open('runs.txt', 'a').write('b')
        """
    )
    asked = order("test_a", "test_b")
    unit = Unit(tests=tuple(ask.test for ask in asked.asks), repeats=2)
    (answer,) = taken(asked._replace(units=(unit,)), invocation)
    assert len(answer.repeats) == 2
    assert (pytester.path / "runs.txt").read_text() == "ababab"


def test_tasks_are_told_beside_their_test(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(
        test_it="""
        def test_one(carbon):
            with carbon.task("load"): sum(range(300_000))
            sum(range(3_000_000))
        """
    )
    asked = order("test_one", repeats=0)
    tasks = (AskedTask("load", 0.9), AskedTask("gone", 0.9))
    (answer,) = taken(asked._replace(asks=(asked.asks[0]._replace(tasks=tasks),)), invocation)
    assert answer.first is not None
    load, gone = answer.first.tasks
    assert load is not None
    assert 0 < (load.energy_j or 0.0) < (answer.first.cost.energy_j or 0.0) / 2
    assert gone is None


@pytest.mark.cold_start
def test_a_look_that_cannot_begin_tells_pytests_last_words(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(test_it="def test_one(): pass")
    pytester.makeconftest("raise RuntimeError('no database')")
    (answer,) = taken(order("test_one"), invocation)
    assert answer.first is None
    assert answer.problem.startswith("pytest ended with exit status 4")
    assert "no database" in answer.problem


def test_another_speed_probe_is_not_compared_with(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(test_it="def test_one(): pass")
    (answer,) = taken(order("test_one")._replace(probe="follow-words14"), invocation)
    assert answer.first is None
    assert "the speed is probed otherwise there" in answer.problem


def test_a_program_that_cannot_be_started_is_a_problem_and_no_error(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    missing = invocation._replace(command=(str(pytester.path / "gone"),))
    (answer,) = taken(order("test_one"), missing)
    assert answer.problem.startswith("no process can be started")


def test_a_look_whose_time_is_over_is_ended(
    pytester: pytest.Pytester, invocation: Invocation
) -> None:
    pytester.makepyfile(test_it="import time\ndef test_one(): time.sleep(1000)")
    asked = order("test_one")
    answers = take_look(asked, invocation, until_s=time.monotonic())
    assert answers[asked.units[0]].problem == "out of confirm time (--carbon-confirm-time)"
    assert list(Path(tempfile.gettempdir()).glob("pytest-carbon-look-*")) == []


def test_on_any_exception_the_process_is_ended_first(
    pytester: pytest.Pytester, invocation: Invocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes while it is waited for."""
    pytester.makepyfile(
        test_it="""
        import os, time

        def test_one():
            open("pid.txt", "w").write(str(os.getpid()))
            time.sleep(1000)
        """
    )

    def interrupt(seconds: float) -> None:
        pid = pytester.path / "pid.txt"
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt
        time.sleep(seconds)

    monkeypatch.setattr("pytest_carbon.system.System.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        take_look(order("test_one"), invocation)
    with pytest.raises(ProcessLookupError):
        os.kill(int((pytester.path / "pid.txt").read_text()), 0)
    assert list(Path(tempfile.gettempdir()).glob("pytest-carbon-look-*")) == []
