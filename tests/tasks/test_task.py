"""What a task says, and what each misuse does."""

from __future__ import annotations

import math
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.errors import TaskError
from pytest_carbon.tasks.carbon import Carbon
from tests.tasks.burning import burn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.tasks.book import TaskBook
    from pytest_carbon.tasks.task import Task

OFF = Carbon(lambda: None, active=False)


def figures(task: Task) -> tuple[object, ...]:
    return (
        task.energy_j,
        task.emissions_g,
        task.cpu_s,
        task.wall_s,
        task.own_energy_j,
        task.own_cpu_s,
        task.method,
    )


def test_figures_afterwards(tasks: Carbon) -> None:
    with tasks.task("train") as task:
        burn(0.05)
        assert figures(task) == (None,) * 7, "only afterwards"
    assert task.cpu_s is not None
    assert task.energy_j == 2.0 * task.cpu_s
    assert task.emissions_g == pytest.approx(task.energy_j / 10_000)
    assert task.wall_s is not None
    assert task.wall_s > 0
    assert task.own_energy_j == task.energy_j
    assert task.method == "modelled; process tree (process)"


def test_off_everything_is_none_and_the_code_runs() -> None:
    ran = []

    @OFF.task("decorated")
    def run() -> str:
        ran.append(1)
        return "done"

    with OFF.task("train", budget_mg=1) as task:
        ran.append(2)
    assert run() == "done"
    assert ran == [2, 1]
    assert not OFF.active
    assert figures(task) == (None,) * 7


def test_names_repeat_in_one_row(tasks: Carbon, book: TaskBook) -> None:
    costs = []
    for _ in range(3):
        with tasks.task("epoch") as task:
            burn(0.01)
        costs.append(task.cpu_s or 0)
    row = book.rows["epoch"]
    assert row.times == 3
    assert row.total.cpu_ns / 1e9 == pytest.approx(sum(costs))


def test_a_decorated_function_keeps_its_name_result_and_error(tasks: Carbon) -> None:
    @tasks.task("divide")
    def divide(a: int, b: int) -> float:
        """Divides."""
        return a / b

    assert divide(6, 3) == 2
    assert (divide.__name__, divide.__doc__) == ("divide", "Divides.")
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)
    task: Task = divide.task  # type: ignore[attr-defined]
    assert task.energy_j is not None


@pytest.mark.parametrize("carbon", [pytest.param(True, id="on"), pytest.param(False, id="off")])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "a task has an empty name: name it like"),
        ("  \n", "a task has an empty name: name it like"),
        ("x" * 10_000, "a task's name has 10000 characters"),
        ("a\nb", "characters that cannot be seen"),
        ("a\ud800", "characters that cannot be seen"),
        ("a > b", "stands between a task and one inside it"),
        (7, "a task's name is 7, not a text"),
    ],
)
def test_bad_names(tasks: Carbon, carbon: bool, name: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        (tasks if carbon else OFF).task(name)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"budget_mg": -1}, "has mg=-1: a budget is more than 0"),
        ({"budget_j": 0}, "has j=0: a budget is more than 0"),
        ({"budget_j": math.nan}, "has j=nan: a budget is more than 0"),
        ({"budget_j": math.inf}, "has j=inf: a budget is more than 0"),
        ({"budget_j": "1"}, "has j='1', not a number"),
        ({"budget_j": 1, "budget_mg": 1}, "has 2 units: give exactly one"),
        ({"tolerance": -0.1}, "the tolerance of the task 'train' is -0.1"),
        ({"tolerance": math.nan}, "the tolerance of the task 'train' is nan"),
        ({"tolerance": "20%"}, "the tolerance of the task 'train' is '20%'"),
    ],
)
def test_bad_limits(tasks: Carbon, limits: dict[str, float], message: str) -> None:
    for carbon in (tasks, OFF):
        with pytest.raises(TaskError, match=message):
            carbon.task("train", **limits)


def test_one_path_has_one_budget(tasks: Carbon) -> None:
    for _ in range(2):
        with tasks.task("train", budget_j=5):
            pass
    task = tasks.task("train", budget_j=6)
    with pytest.raises(TaskError, match="has another budget or tolerance already"):
        task.__enter__()


def test_a_task_begins_once(tasks: Carbon) -> None:
    with tasks.task("once") as task:
        pass
    before = figures(task)
    with pytest.raises(TaskError, match="has been used already"):
        task.__enter__()
    assert figures(task) == before


def test_closing_twice_changes_nothing(tasks: Carbon, book: TaskBook) -> None:
    with tasks.task("twice") as task:
        pass
    before = figures(task)
    burn(0.01)
    task.__exit__(None, None, None)
    assert figures(task) == before
    assert book.rows["twice"].times == 1


def test_the_users_exception_comes_through_unchanged(tasks: Carbon) -> None:
    mine = KeyError("mine")
    inner = tasks.task("inner")
    with pytest.raises(KeyError) as caught, tasks.task("outer"), inner:
        raise mine
    assert caught.value is mine
    assert caught.value.__context__ is None
    assert inner.energy_j is not None


@pytest.mark.parametrize("at", ["open", "close"])
def test_a_fault_of_ours_does_not_reach_the_user(tasks: Carbon, book: TaskBook, at: str) -> None:
    def broken() -> None:
        raise OSError("the clock is gone")

    task = tasks.task("train")
    ran = []
    if at == "open":
        book.ledger._read = broken  # type: ignore[assignment]
    with task:
        ran.append(1)
        book.ledger._read = broken  # type: ignore[assignment]
    assert ran == [1]
    assert task.energy_j is None
    assert task.method == "unknown: measuring stopped (OSError: the clock is gone)"


def test_what_is_left_open_ends_with_the_test(tasks: Carbon, book: TaskBook) -> None:
    outer, inner = tasks.task("outer"), tasks.task("inner")
    outer.__enter__()
    inner.__enter__()
    burn(0.02)
    book.finish("the test is over")
    assert {path: row.left_open for path, row in book.rows.items()} == {
        "outer > inner": True,
        "outer": True,
    }
    assert book.rows["outer"].total.cpu_ns >= 20_000_000
    with tasks.task("late") as late:
        pass
    assert late.method == "unknown: the test is over"
    assert late.energy_j is None


def test_threads_share_a_row_without_losing_any(tasks: Carbon, book: TaskBook) -> None:
    def work() -> None:
        for _ in range(300):
            with tasks.task("step"):
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert book.fault == ""
    assert book.rows["step"].times == 2400
    total_ns = book.ledger.root.cost().cpu_ns
    assert book.ledger.root.own.cpu_ns + book.rows["step"].own.cpu_ns == total_ns


def test_a_thread_that_goes_on_after_its_test_keeps_what_it_cost_until_then(
    tasks: Carbon, book: TaskBook
) -> None:
    burnt, over = threading.Event(), threading.Event()
    task = tasks.task("goes on")

    def work() -> None:
        with task:
            burn(0.05)
            burnt.set()
            over.wait()
            burn(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    burnt.wait()
    book.finish("the test is over")
    over.set()
    thread.join()
    assert book.fault == ""
    assert book.rows["goes on"].left_open
    assert book.rows["goes on"].times == 1
    if sys.platform == "linux":
        assert task.cpu_s == pytest.approx(0.05, rel=0.1)
    else:
        assert task.cpu_s is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_inside_belongs_to_the_task_of_the_parent(tasks: Carbon, book: TaskBook) -> None:
    with tasks.task("forks") as task:
        pid = os.fork()  # type: ignore[attr-defined, unused-ignore]
        if pid == 0:
            try:
                with tasks.task("in the child") as child:
                    pass
                good = child.energy_j is None and child.method == (
                    "unknown: it began in a forked process"
                )
                task.__exit__(None, None, None)
                good = good and task.method == "unknown: it was closed in a forked process"
                os._exit(0 if good else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert task.energy_j is not None
    assert list(book.rows) == ["forks"]


def test_decorating_what_is_no_function(tasks: Carbon) -> None:
    def generate() -> Iterator[int]:
        yield 1

    with pytest.raises(TaskError, match="decorates a generator, whose call only makes it"):
        tasks.task("generate")(generate)
    with pytest.raises(TaskError, match="decorates <class 'int'>"):
        tasks.task("class")(int)
    with pytest.raises(TaskError, match="decorates 5"):
        tasks.task("number")(5)  # type: ignore[type-var]


def test_many_tasks_take_bounded_memory(tasks: Carbon, book: TaskBook) -> None:
    """By one name, and by names that all differ."""
    import tracemalloc

    tracemalloc.start()
    try:
        for number in range(3_000):
            with tasks.task("same"), tasks.task(f"number {number}"):
                pass
            if number == 1_500:
                before = tracemalloc.get_traced_memory()[0]
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000, "bytes for 3,000 more tasks"
    assert len(book.rows) == 1001
    assert sum(row.times for row in book.rows.values()) == 6_000
    total = book.ledger.root.cost().cpu_ns
    assert book.ledger.root.own.cpu_ns + sum(r.own.cpu_ns for r in book.rows.values()) == total


def test_without_asyncio_it_is_not_imported() -> None:
    import subprocess

    code = """
import sys
from pytest_carbon.tasks.carbon import Carbon
with Carbon(lambda: None, active=False).task("a"): pass
heavy = {"asyncio", "psutil", "cpuinfo", "pynvml", "requests", "tabulate", "filelock"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
