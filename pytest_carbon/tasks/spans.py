"""Tasks while they are open, the threads that they run in, and what they came to."""

from __future__ import annotations

import sys
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from pytest_carbon.ledger import Account
from pytest_carbon.tasks.names import path_below

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CURRENT", "Closed", "Lane", "Span", "thread_clock"]


def thread_clock(thread_id: int) -> Callable[[], int] | None:
    """Reads a thread's CPU time [ns] from any thread; ``None`` where only it can itself.

    The clock's number is the kernel's, include/linux/posix-timers_types.h: the inverted thread
    number, and 6 for the scheduler's clock of one thread. Reading raises ``OSError`` once the
    thread has ended.
    """
    if sys.platform != "linux":
        return None
    clock_id = (~thread_id << 3) | 6  # type: ignore[unreachable, unused-ignore]
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


class Span:
    """One opening of a task.

    ``own`` is the account of what no inner task pays, ``inner`` sums up the closed inner ones.
    ``before`` was the current one of its context when it began, ``start_ns`` and ``end_ns`` are
    its times by the wall clock. ``again`` says that it is right inside its namesake, ``doubt``
    why its figures are unknown, ``closed`` is what it came to. ``ledger`` is what charges it,
    and only compared.
    """

    __slots__ = (
        "again",
        "before",
        "closed",
        "doubt",
        "end_ns",
        "inner",
        "is_open",
        "lane",
        "ledger",
        "open_inner",
        "own",
        "parent",
        "path",
        "start_ns",
    )

    def __init__(self, ledger: object, name: str, parent: Span | None, lane: Lane) -> None:
        self.ledger = ledger
        self.parent = parent
        self.lane = lane
        self.path: str = path_below("" if parent is None else parent.path, name)
        self.again = parent is not None and self.path == parent.path
        self.own = Account()
        self.inner = Account()
        self.open_inner: list[Span] = []
        self.start_ns = 0
        self.end_ns = 0
        self.before: Span | None = None
        self.is_open = True
        self.closed: Closed | None = None
        self.doubt = ""

    def open_one(self) -> Span:
        """The nearest span that is still open, from this one outwards; the outermost always is."""
        span = self
        while not span.is_open and span.parent is not None:
            span = span.parent
        return span

    def is_around(self, other: Span) -> bool:
        """Whether ``other`` is this span or inside it."""
        span: Span | None = other
        while span is not None:
            if span is self:
                return True
            span = span.parent
        return False

    def cost(self) -> Account:
        """All that was spent from its start until now, inner tasks included."""
        total = Account()
        total.add(self.own)
        total.add(self.inner)
        for span in self.open_inner:
            total.add(span.cost())
        return total


class Closed:
    """What one opening of a task spent: in all, and by its own part."""

    __slots__ = ("cost", "doubt", "is_thread", "own", "wall_ns")

    def __init__(self, cost: Account, span: Span, *, is_thread: bool) -> None:
        self.cost = cost
        self.own = span.own
        self.wall_ns = span.end_ns - span.start_ns
        self.doubt = span.doubt
        self.is_thread = is_thread


CURRENT: ContextVar[Span | None] = ContextVar("carbon task", default=None)
"""The innermost task of this context: of a thread, or of one of asyncio's tasks."""
