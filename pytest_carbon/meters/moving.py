"""Whether counters move while the CPU works: seen before they are believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["which_move"]

PATIENCE_S = 0.1
"""RAPL refreshes its counters every millisecond; memory at rest may add less than a step in one."""


def _work() -> None:
    sum(range(2_000))


def which_move(
    read_uj: Callable[[], Sequence[int]],
    *,
    patience_s: float = PATIENCE_S,
    work: Callable[[], object] = _work,
    clock_s: Callable[[], float] = System.monotonic,
) -> tuple[bool, ...]:
    """Keep this core busy until all counters have moved; which of them have, in the end.

    Takes a refresh or two, and ``patience_s`` where a counter stands still. Raises ``OSError`` as
    ``read_uj`` does.
    """
    first = tuple(read_uj())
    moved = [False] * len(first)
    end_s = clock_s() + patience_s
    while not all(moved):
        work()
        for at, (before, now) in enumerate(zip(first, read_uj(), strict=True)):
            moved[at] = moved[at] or now != before
        if clock_s() > end_s:
            break
    return tuple(moved)
