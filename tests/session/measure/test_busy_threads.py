"""Threads that spin on after a test are that test's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.session.measure.busy_threads import SpinningThreads

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]


class Machine:
    """A process whose other threads burn a core for the first ``busy_s`` seconds."""

    def __init__(self, busy_s: float) -> None:
        self.busy_s = busy_s
        self.now_s = 0.0

    def others_cpu_ns(self) -> int:
        return round(min(self.now_s, self.busy_s) * 1e9)

    def others_run(self) -> bool:
        return self.now_s < self.busy_s

    def clock_s(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def threads(self) -> SpinningThreads:
        return SpinningThreads(self.others_cpu_ns, self.others_run, self.clock_s, self.sleep)


@pytest.mark.parametrize("busy_s", [0.0, 0.004, 0.1])
def test_waits_until_they_are_idle(busy_s: float) -> None:
    machine = Machine(busy_s)
    machine.threads().wait()
    assert machine.now_s == pytest.approx(busy_s + 0.001, abs=0.0011)


def test_only_threads_that_have_worked_are_worth_while() -> None:
    machine = Machine(0.01)
    threads = machine.threads()
    seen = []
    for seconds in (0.0, 0.02):
        machine.sleep(seconds)
        seen.append(threads.may_spin())
    seen.append(threads.may_spin())
    assert seen == [False, True, False]


def test_waits_a_while_and_gives_up_after_some_times() -> None:
    machine = Machine(1e9)
    threads = machine.threads()
    for _ in range(3):
        before_s = machine.now_s
        machine.sleep(0.1)
        threads.wait()
        assert 0.3 < machine.now_s - before_s < 0.4
    assert not threads.may_spin(), "something in this process always works"


SUITE = """
import threading, time

def spin():
    end = time.thread_time() + 0.08
    while time.thread_time() < end:
        pass

def test_leaves_a_thread_spinning():
    threading.Thread(target=spin).start()
    time.sleep(0.02)

def test_has_nothing_to_do_with_it():
    time.sleep(0.02)
"""


def test_what_a_test_leaves_spinning_is_charged_to_it(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(SUITE)
    carbon("--carbon-report=json:r.json").assert_outcomes(passed=2)
    subjects = json.loads((pytester.path / "r.json").read_text())["subjects"]
    cpu_s = {s["subject"]["id"].partition("::")[2]: s["total"]["cpu_s"] for s in subjects}
    assert cpu_s["test_leaves_a_thread_spinning"] > 0.05
    assert cpu_s["test_has_nothing_to_do_with_it"] < 0.01
