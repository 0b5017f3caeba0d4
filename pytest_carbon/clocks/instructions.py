"""Retired instructions of the process tree, where the processor's counters can be read.

They hardly depend on the speed of the core, so they are good evidence beside an energy figure;
they are not energy, and no verdict rests on them.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.clocks.perf import PerfClock
from pytest_carbon.perf_event import open_perf_event

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Instructions", "open_instructions"]

# linux/perf_event.h
_PERF_TYPE_HARDWARE = 0
_PERF_COUNT_HW_INSTRUCTIONS = 1
# On the counter all the time or not at all: shared counters would give a part, scaled up by guess.
_PINNED = 1 << 2


def _open_event(thread_id: int) -> int:
    return open_perf_event(_PERF_TYPE_HARDWARE, _PERF_COUNT_HW_INSTRUCTIONS, thread_id, _PINNED)


class Instructions:
    """Counts instructions in user mode; ``None`` for good once the counter was lost."""

    def __init__(self, *, open_event: Callable[[int], int] = _open_event) -> None:
        self._clock: PerfClock | None = PerfClock(open_event=open_event, since_fork=lambda: 0)

    def read(self) -> int | None:
        """How many so far."""
        if self._clock is None:
            return None
        try:
            return self._clock.read_ns()
        except OSError:
            self.close()
            return None

    def close(self) -> None:
        """Close the events; may be called twice."""
        if self._clock is not None:
            self._clock.close()
            self._clock = None


def open_instructions(*, open_event: Callable[[int], int] = _open_event) -> Instructions | None:
    """The counter; ``None`` where there is none (most virtual machines) or it stands still."""
    if sys.platform != "linux" or not Path("/proc/self/task").is_dir():
        return None
    with contextlib.suppress(OSError):  # type: ignore[unreachable, unused-ignore]
        instructions = Instructions(open_event=open_event)
        before = instructions.read()
        sum(range(1_000))
        after = instructions.read()
        if before is not None and after is not None and after > before:
            return instructions
        instructions.close()
    return None
