"""What other programs do while a look is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_carbon.looks.neighbours import Neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

S = 1_000_000_000
T = TypeVar("T")


def told(*values: T) -> Callable[[], T]:
    """A clock that says one thing after the other."""
    said: Iterator[T] = iter(values)
    return lambda: next(said)


def test_what_is_not_ours_is_others() -> None:
    neighbours = Neighbours(told(100 * S, 117 * S), told(3 * S, 8 * S), told(0, 10 * S))
    assert neighbours.finish() == pytest.approx(1.2)


def test_ticks_make_no_less_than_nothing() -> None:
    neighbours = Neighbours(told(100 * S, 104 * S), told(3 * S, 8 * S), told(0, 10 * S))
    assert neighbours.finish() == 0.0


@pytest.mark.parametrize(
    ("host_ns", "own_ns", "wall_ns"),
    [
        pytest.param((None, None), (0, S), (0, S), id="the host does not tell"),
        pytest.param((0, S), (None, None), (0, S), id="nor does this system"),
        pytest.param((0, S), (0, S), (5, 5), id="no time has passed"),
    ],
)
def test_what_is_unknown_is_said(
    host_ns: tuple[int | None, ...], own_ns: tuple[int | None, ...], wall_ns: tuple[int, ...]
) -> None:
    assert Neighbours(told(*host_ns), told(*own_ns), told(*wall_ns)).finish() is None


def test_this_host_is_read() -> None:
    busy = Neighbours().finish()
    assert busy is None or busy >= 0.0
