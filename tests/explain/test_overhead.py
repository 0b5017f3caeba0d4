"""Taking off what a profiler adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.explain.overhead import Overhead, Sum, measured_overhead, without_overhead

if TYPE_CHECKING:
    from types import CodeType

OVERHEAD = Overhead(
    python_callee_s=0.1, python_caller_s=0.2, builtin_callee_s=0.01, builtin_caller_s=0.02
)


def double() -> None:
    """Stands for a function's code."""


def test_each_call_is_relieved_of_its_part() -> None:
    one, two = test_each_call_is_relieved_of_its_part.__code__, double.__code__
    calls: dict[tuple[CodeType | str | None, CodeType | str], Sum] = {
        (None, one): Sum(1, 10.0, 20.0),
        (one, two): Sum(10, 5.0, 5.0),
        (two, "len"): Sum(100, 5.0, 5.0),
    }
    found = without_overhead(calls, OVERHEAD)
    assert found[None, one].self_s == pytest.approx(10.0 - 0.1 - 10 * 0.2)
    assert found[one, two].self_s == pytest.approx(5.0 - 10 * 0.1 - 100 * 0.02)
    assert found[two, "len"].self_s == pytest.approx(5.0 - 100 * 0.01)
    assert [cost.times for cost in found.values()] == [1, 10, 100]


def test_no_function_is_left_without_time() -> None:
    code = double.__code__
    [cost] = without_overhead({(None, code): Sum(1000, 1.0, 1.0)}, OVERHEAD).values()
    assert 0 < cost.self_s < 1.0


def test_a_profiler_that_adds_nothing_has_no_overhead() -> None:
    assert measured_overhead(lambda _run: {}) == Overhead()
