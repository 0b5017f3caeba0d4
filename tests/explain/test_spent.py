"""How long real code is in a function, told from one run."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from pytest_carbon.explain.spent import Lines, Spent, spent_by
from pytest_carbon.explain.versions import Versions

HERE = "tests/here.py"


def path_of(file: str) -> str | None:
    return HERE if file == __file__ else None


def heavy() -> int:
    total = 0
    for number in range(100_000):
        total += number % 7
    return total


def by_a_builtin() -> int:
    return sum(range(1_000_000))


def by_a_comprehension() -> int:
    return len({number % 7 for number in range(100_000)})


def outer() -> int:
    return heavy()


def never() -> int:
    return 0


SOURCE = Path(__file__).read_bytes()


def lines(name: str) -> Lines:
    found = Versions(lambda _: None, lambda _: SOURCE).lines(HERE, name)
    assert found is not None
    return found


@pytest.fixture(params=[False, True], ids=["any time", "CPU time"])
def is_cpu_time(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def spent(*names: str, is_cpu_time: bool) -> tuple[float, ...]:
    def run() -> None:
        outer()
        by_a_builtin()
        by_a_comprehension()

    functions = [lines(name) for name in names]
    return spent_by(run, functions, path_of, is_cpu_time=is_cpu_time).spent_s


def test_time_is_counted_where_it_is_spent(is_cpu_time: bool) -> None:
    inside, around, not_called = spent("heavy", "outer", "never", is_cpu_time=is_cpu_time)
    assert inside > 10 * around > 0
    assert not_called == 0


def test_builtin_code_is_part_of_the_function_that_calls_it(is_cpu_time: bool) -> None:
    [builtin] = spent("by_a_builtin", is_cpu_time=is_cpu_time)
    assert builtin > 0.001


def test_a_comprehension_is_part_of_its_function(is_cpu_time: bool) -> None:
    [comprehension] = spent("by_a_comprehension", is_cpu_time=is_cpu_time)
    assert comprehension > 0.0005


def waits() -> None:
    """Waits for what never comes."""
    threading.Event().wait(0.05)


def test_time_that_a_function_waits_is_known_to_be_lost() -> None:
    found = spent_by(waits, [lines("waits")], path_of)
    assert found.lost_s > 0.9 * found.wall_s > 0.04
    assert found.least_s[0] < 0.01


def test_cpu_time_contains_none_that_was_lost() -> None:
    found = spent_by(waits, [lines("waits")], path_of, is_cpu_time=True)
    assert found.lost_s == 0
    assert found.least_s == found.spent_s
    assert found.spent_s[0] < 0.01


def test_what_was_lost_counts_against_each_function() -> None:
    assert Spent((0.5, 0.1), lost_s=0.2, wall_s=1.0).least_s == (0.3, 0.0)


def test_a_function_that_head_does_not_have_stands_nowhere() -> None:
    assert Versions(lambda _: None, lambda _: SOURCE).lines(HERE, "gone") is None


def test_where_another_tool_profiles_the_run_goes_on_unobserved() -> None:
    ran = []

    def by_another_tool() -> None:
        sys.setprofile(lambda *_: None)
        try:
            ran.append(spent_by(outer, [lines("heavy")], path_of).spent_s)
        finally:
            sys.setprofile(None)

    # In a thread of its own, which coverage does not follow.
    thread = threading.Thread(target=by_another_tool)
    thread.start()
    thread.join()
    assert ran == [(0.0,)]
