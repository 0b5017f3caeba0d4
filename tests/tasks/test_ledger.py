"""Nested and concurrent tasks: each pays its own, nobody pays twice."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.ledger import Account
from pytest_carbon.measurement import Reading
from pytest_carbon.tasks.ledger import TaskLedger
from tests.tasks.burning import burn

if TYPE_CHECKING:
    from pytest_carbon.tasks.book import TaskBook
    from pytest_carbon.tasks.carbon import Carbon
    from pytest_carbon.tasks.task import Task

within_a_tenth = 0.1


def everything_ns(book: TaskBook) -> int:
    """What all rows and the outside paid by their own parts."""
    return book.ledger.root.own.cpu_ns + sum(row.own.cpu_ns for row in book.rows.values())


def settle(tasks: Carbon) -> None:
    """Have all charged that was spent until now."""
    with tasks.task("end"):
        pass


def test_three_nested_tasks(tasks: Carbon, book: TaskBook) -> None:
    with tasks.task("outer") as outer:
        burn(0.1)
        with tasks.task("middle") as middle:
            burn(0.2)
            with tasks.task("inner") as inner:
                burn(0.1)
    burn(0.05)
    settle(tasks)

    assert inner.cpu_s == pytest.approx(0.1, rel=within_a_tenth)
    assert middle.cpu_s == pytest.approx(0.3, rel=within_a_tenth)
    assert middle.own_cpu_s == pytest.approx(0.2, rel=within_a_tenth)
    assert outer.cpu_s == pytest.approx(0.4, rel=within_a_tenth)
    assert outer.own_cpu_s == pytest.approx(0.1, rel=within_a_tenth)
    assert list(book.rows) == ["outer > middle > inner", "outer > middle", "outer", "end"]
    assert everything_ns(book) == book.ledger.root.cost().cpu_ns
    assert book.ledger.root.own.cpu_ns / 1e9 == pytest.approx(0.05, rel=within_a_tenth)


def test_two_threads_and_their_maker(tasks: Carbon, book: TaskBook) -> None:
    found: dict[str, Task] = {}

    def work(name: str, cpu_s: float) -> None:
        with tasks.task(name) as task:
            burn(cpu_s)
        found[name] = task

    with tasks.task("all") as whole:
        threads = [
            threading.Thread(target=work, args=(name, cpu_s))
            for name, cpu_s in (("long", 0.3), ("short", 0.1))
        ]
        for thread in threads:
            thread.start()
        burn(0.1)
        for thread in threads:
            thread.join()

    assert found["long"].cpu_s == pytest.approx(0.3, rel=within_a_tenth)
    assert found["short"].cpu_s == pytest.approx(0.1, rel=within_a_tenth)
    assert whole.cpu_s == pytest.approx(0.5, rel=within_a_tenth)
    assert whole.own_cpu_s == pytest.approx(0.1, rel=within_a_tenth)
    assert found["long"].method == "modelled; its thread's CPU clock"
    assert whole.method == "modelled; process tree (process)"
    assert set(book.rows) == {"all", "all > long", "all > short"}
    assert everything_ns(book) == book.ledger.root.cost().cpu_ns


def test_a_task_around_a_thread_that_outlives_it(tasks: Carbon, book: TaskBook) -> None:
    go_on, burnt = threading.Event(), threading.Event()
    found: list[Task] = []

    def work() -> None:
        with tasks.task("thread") as task:
            burn(0.1)
            burnt.set()
            go_on.wait()
            burn(0.1)
        found.append(task)

    thread = threading.Thread(target=work)
    with tasks.task("first") as first:
        thread.start()
        burnt.wait()
    with tasks.task("second") as second:
        go_on.set()
        thread.join()

    assert found[0].cpu_s == pytest.approx(0.2, rel=within_a_tenth)
    assert first.cpu_s == pytest.approx(0.1, rel=within_a_tenth), "while it was open"
    assert second.cpu_s is not None
    assert second.cpu_s < 0.02, "the rest is the thread's own task"
    book.finish("over")
    assert everything_ns(book) == book.ledger.root.cost().cpu_ns


def hand_over(task: Task, cpu_s: float) -> None:
    """Open a task in a thread, and close it here while the thread still lives."""
    opened, closed = threading.Event(), threading.Event()

    def work() -> None:
        task.__enter__()
        burn(cpu_s)
        opened.set()
        closed.wait()

    thread = threading.Thread(target=work)
    thread.start()
    opened.wait()
    burn(0.05)
    task.__exit__(None, None, None)
    closed.set()
    thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="no thread's clock can be read elsewhere")
def test_a_task_closed_in_another_thread_has_paid_for_its_own(tasks: Carbon) -> None:
    task = tasks.task("handed over")
    hand_over(task, 0.1)
    assert task.cpu_s == pytest.approx(0.1, rel=within_a_tenth)


def test_a_thread_whose_clock_cannot_be_read_from_elsewhere_leaves_it_unknown(
    tasks: Carbon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_carbon.tasks.spans.sys.platform", "darwin")
    task = tasks.task("handed over")
    hand_over(task, 0.01)
    assert task.cpu_s is None
    assert task.energy_j is None
    assert str(task.method).startswith("unknown: it was closed in another thread")
    assert task.wall_s is not None


@pytest.mark.skipif(sys.platform != "linux", reason="no thread's clock can be read elsewhere")
def test_a_thread_that_ends_with_an_open_task_leaves_it_unknown(
    tasks: Carbon, book: TaskBook
) -> None:
    task = tasks.task("left")
    thread = threading.Thread(target=task.__enter__)
    thread.start()
    thread.join()
    (span,) = book.ledger.open_spans()
    while not span.lane.lost:  # the kernel takes a moment to forget a thread
        time.sleep(0.001)
        with tasks.task("meanwhile"):
            pass
    task.__exit__(None, None, None)
    assert task.energy_j is None
    assert task.method == "unknown: its thread ended while it was open"


def test_tasks_may_end_in_any_order(tasks: Carbon, book: TaskBook) -> None:
    first, second = tasks.task("first"), tasks.task("second")
    first.__enter__()
    burn(0.05)
    second.__enter__()
    burn(0.1)
    first.__exit__(None, None, None)
    burn(0.2)
    second.__exit__(None, None, None)
    burn(0.05)
    assert first.cpu_s == pytest.approx(0.15, rel=within_a_tenth)
    assert first.own_cpu_s == pytest.approx(0.05, rel=within_a_tenth)
    assert second.cpu_s == pytest.approx(0.3, rel=within_a_tenth)
    settle(tasks)
    assert everything_ns(book) == book.ledger.root.cost().cpu_ns
    assert book.ledger.root.own.cpu_ns / 1e9 == pytest.approx(0.05, rel=within_a_tenth)


def test_recursion_is_one_row(tasks: Carbon, book: TaskBook) -> None:
    @tasks.task("dig")
    def dig(depth: int) -> None:
        burn(0.02)
        if depth:
            dig(depth - 1)

    dig(4)
    row = book.rows["dig"]
    assert list(book.rows) == ["dig"]
    assert row.times == 5
    assert row.total.cpu_ns == row.own.cpu_ns
    assert row.own.cpu_ns / 1e9 == pytest.approx(0.1, rel=within_a_tenth)


def test_counters_are_divided_by_cpu_time() -> None:
    spent = Account()
    spent.charge(
        Reading(wall_ns=100, cpu_ns=100, host_ns=200, counters=(1000, 3)),
        Reading(wall_ns=0, cpu_ns=0, host_ns=0, counters=(0, 0)),
    )
    part = spent.take(25, 100)
    assert (part.cpu_ns, part.wall_ns, part.host_ns, part.counters) == (25, 25, 50, (250, 0))
    assert (spent.cpu_ns, spent.wall_ns, spent.host_ns, spent.counters) == (75, 75, 150, (750, 3))


def test_a_counters_joules_are_divided_without_rest() -> None:
    """As with RAPL: what the machine's counter rises is shared by CPU time."""

    def read() -> Reading:
        cpu_ns = time.process_time_ns()
        return Reading(time.perf_counter_ns(), cpu_ns, counters=(cpu_ns // 500,))

    before = read()
    ledger = TaskLedger(read)

    def work(cpu_s: float) -> None:
        span = ledger.open("thread")
        burn(cpu_s)
        ledger.close(span)

    outer = ledger.open("outer")
    threads = [threading.Thread(target=work, args=(cpu_s,)) for cpu_s in (0.1, 0.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cost = ledger.close(outer)
    assert cost is not None
    assert cost.counters[0] == pytest.approx(0.3e9 / 500, rel=within_a_tenth)
    assert outer.own.counters[0] < 0.1 * cost.counters[0], "it only waited"
    after = read()
    whole = ledger.root.cost().counters[0]
    assert whole <= after.counters[0] - before.counters[0] + 1
    assert whole == outer.own.counters[0] + outer.inner.counters[0] + ledger.root.own.counters[0]


def test_a_clock_behind_the_threads_is_made_up_for_later() -> None:
    """What a thread claims beyond what the tree's clock has seen yet, its own task pays later."""
    now = Reading(0, 0)
    ledger = TaskLedger(lambda: now)
    spans = []

    def work() -> None:
        spans.append(ledger.open("thread"))
        burn(0.05)
        ledger.close(spans[0])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    claimed_ns = spans[0].own.cpu_ns
    assert claimed_ns / 1e9 == pytest.approx(0.05, rel=within_a_tenth)
    now = Reading(100, claimed_ns + 7)
    ledger.close(ledger.open("later"))
    assert ledger.root.cost().cpu_ns == claimed_ns + 7
