"""How long real code is in a function, told from one run."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pytest_carbon.explain.spent import Lines, spent_s
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


def spent(*names: str) -> list[float]:
    def run() -> None:
        outer()
        by_a_builtin()
        by_a_comprehension()

    return spent_s(run, [lines(name) for name in names], path_of)


def test_time_is_counted_where_it_is_spent() -> None:
    inside, around, not_called = spent("heavy", "outer", "never")
    assert inside > 10 * around > 0
    assert not_called == 0


def test_builtin_code_is_part_of_the_function_that_calls_it() -> None:
    [builtin] = spent("by_a_builtin")
    assert builtin > 0.001


def test_a_comprehension_is_part_of_its_function() -> None:
    [comprehension] = spent("by_a_comprehension")
    assert comprehension > 0.0005


def test_a_function_that_head_does_not_have_stands_nowhere() -> None:
    assert Versions(lambda _: None, lambda _: SOURCE).lines(HERE, "gone") is None


def test_where_another_tool_profiles_the_run_goes_on_unobserved() -> None:
    ran = []

    def by_another_tool() -> None:
        sys.setprofile(lambda *_: None)
        try:
            ran.append(spent_s(outer, [lines("heavy")], path_of))
        finally:
            sys.setprofile(None)

    # In a thread of its own, which coverage does not follow.
    thread = threading.Thread(target=by_another_tool)
    thread.start()
    thread.join()
    assert ran == [[0.0]]
