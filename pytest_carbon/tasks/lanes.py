"""One thread's side of the tasks: which one is open there, and its own CPU clock."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.tasks.span import Span

__all__ = ["Lane", "thread_clock"]


def thread_clock(thread_id: int) -> Callable[[], int] | None:
    """Reads a thread's CPU time [ns] from any thread; ``None`` where only it can itself.

    The clock's number is the kernel's, include/linux/posix-timers_types.h: the inverted thread
    number, and 6 for the scheduler's clock of one thread. Reading raises ``OSError`` once the
    thread has ended.
    """
    if sys.platform != "linux":
        return None
    clock_id = (~thread_id << 3) | 6
    try:
        time.clock_gettime_ns(clock_id)
    except OSError:
        return None
    return lambda: time.clock_gettime_ns(clock_id)


class Lane:
    """A thread with open tasks.

    ``current`` is the innermost of them, ``None`` while the thread does something else.
    ``spans`` counts the open ones. ``lost`` says that the thread has ended meanwhile.
    """

    __slots__ = ("_clock", "_thread", "_used_ns", "current", "lost", "spans")

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._clock = thread_clock(threading.get_native_id())
        self._used_ns = time.thread_time_ns()
        self.current: Span | None = None
        self.lost = False
        self.spans = 0

    @property
    def is_readable_here(self) -> bool:
        """Whether the running thread can read this one's clock."""
        return self._clock is not None or threading.get_ident() == self._thread

    def spent_ns(self) -> int:
        """The thread's CPU time since the last call; 0 where it cannot be read from here."""
        if threading.get_ident() == self._thread:
            now_ns = time.thread_time_ns()
        elif self._clock is None:
            return 0
        else:
            try:
                now_ns = self._clock()
            except OSError:
                self.lost = True
                return 0
        spent_ns = max(0, now_ns - self._used_ns)
        self._used_ns = max(self._used_ns, now_ns)
        return spent_ns
