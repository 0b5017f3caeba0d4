"""Full garbage collections have a row of their own, and nothing else changes."""

from __future__ import annotations

import gc
import os
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.ledger import Account, Ledger
from pytest_carbon.measurement import Kind, Reading
from pytest_carbon.resultfile.file import read_result
from pytest_carbon.session.measure.garbage_collection import FullCollections

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

ROW = "full garbage collections"


class Meter:
    """Each reading is a second later than the one before, and a second of CPU time was spent."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> Reading:
        self.ns += 10**9
        return Reading(self.ns, self.ns)


def test_a_full_collection_is_charged_to_its_own_account() -> None:
    test = Account()
    ledger = Ledger(Meter(), test)
    garbage = FullCollections(ledger)
    with garbage:
        gc.collect()
    ledger.settle()
    assert garbage.account.cpu_ns == 10**9, "from its start to its stop"
    assert test.cpu_ns == 2 * 10**9, "what was before and after it"
    assert ledger.depth == 1


def test_younger_collections_stay_with_their_test() -> None:
    garbage = FullCollections(Ledger(Meter(), Account()))
    with garbage:
        gc.collect(0)
        gc.collect(1)
    assert garbage.account.cpu_ns == 0


def test_nothing_is_watched_afterwards_whatever_a_test_has_done() -> None:
    before = list(gc.callbacks)
    garbage = FullCollections(Ledger(Meter(), Account()))
    with garbage:
        gc.callbacks.clear()
    gc.callbacks[:] = before
    gc.collect()
    assert garbage.account.cpu_ns == 0


def test_a_collection_in_another_thread_switches_nothing() -> None:
    garbage = FullCollections(Ledger(Meter(), Account()))
    with garbage:
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join()
    assert garbage.account.cpu_ns == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
def test_a_collection_in_a_forked_child_switches_nothing() -> None:
    garbage = FullCollections(Ledger(Meter(), Account()))
    with garbage:
        child = os.fork()  # type: ignore[attr-defined, unused-ignore]
        if not child:
            gc.collect()
            os._exit(0 if garbage.account.cpu_ns == 0 else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_a_collection_in_the_midst_of_a_reading_switches_nothing() -> None:
    meter = Meter()
    ledger = Ledger(meter, Account())
    garbage = FullCollections(ledger)

    class Collects(Meter):
        def __call__(self) -> Reading:
            gc.collect()
            return meter()

    ledger._read = Collects()
    with garbage:
        ledger.settle()
    assert garbage.account.cpu_ns == 0


SUITE = """
import gc, weakref

class Loop:
    def __init__(self): self.itself = self

def test_nothing_is_frozen():
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()

def test_what_a_test_makes_is_collected():
    seen = weakref.ref(Loop())
    gc.collect()
    assert seen() is None

def test_collects_often():
    for _ in range(20):
        gc.collect()
"""


@pytest.mark.cold_start
def test_in_a_run_objects_are_collected_as_ever_and_paid_for_elsewhere(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(test_it=SUITE)
    carbon("--carbon-report=json:result.json").assert_outcomes(passed=3)
    result = read_result(pytester.path / "result.json")
    rows = {row.subject.id: row.total.cpu_s for row in result.of(Kind.RUNNER)}
    tests = {row.subject.id: row.total.cpu_s for row in result.of(Kind.TEST)}
    assert rows[ROW] > 3 * tests["test_it.py::test_collects_often"]
