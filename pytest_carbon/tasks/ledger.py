"""The tasks' ledger: who pays, when tasks are nested, in threads, and in turns.

All that is spent between two events is divided among the tasks that were open meanwhile. A
task in the thread that began the ledger (a test's own) pays what the process tree spent, less
what others pay; a task in another thread pays that thread's own CPU time. So nothing is paid
twice, and all tasks with what is outside of them add up to the whole.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pytest_carbon.ledger import Account
from pytest_carbon.system import System
from pytest_carbon.tasks.spans import CURRENT, Lane, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.measurement import Reading

__all__ = ["TaskLedger"]

_TANGLED = "tasks of one thread took turns under an event loop that cannot be followed"
_LOST = "its thread ended while it was open"
_ELSEWHERE = "it was closed in another thread, from where its thread's clock cannot be read here"


class TaskLedger:
    """Opens and closes tasks, and charges each of them.

    ``read`` reads what may be charged: cumulative, and from any thread. ``home`` is the thread
    that pays for the process tree, else the one that makes this. Tasks may be opened and
    closed in any order, and closed in other threads than they were opened in.
    """

    def __init__(self, read: Callable[[], Reading], home: int | None = None) -> None:
        self._read = read
        # Entered anew where the garbage collector ends a generator with an open task meanwhile.
        self._lock = threading.RLock()
        self._pid = System.getpid()
        self._home = threading.get_ident() if home is None else home
        self._lanes: dict[int, Lane] = {}
        lane = Lane()
        self.root = Span(self, "", None, lane)
        lane.current = self.root
        self._home_lane = lane
        self._debt_ns = 0
        self._last = read()

    @property
    def is_here(self) -> bool:
        """Whether this is the process that the ledger belongs to, and no fork of it."""
        return System.getpid() == self._pid

    def is_elsewhere(self, span: Span) -> bool:
        """Whether a task is paid for by the clock of a thread of its own."""
        return span.lane is not self._home_lane

    def open(self, name: str) -> Span:
        """Begin a task inside the innermost one of this context."""
        with self._lock:
            self._advance()
            lane = self._lane()
            around = CURRENT.get()
            if around is None or around.ledger is not self:
                # A thread that was given no context works for what is open in the test's own.
                is_home = lane is self._home_lane
                around = self.root if is_home else self._home_lane.current or self.root
                mine = None
            else:
                mine = around = around.open_one()
            before = lane.current
            span = Span(self, name, around.open_one(), lane)
            if before is not None and not before.open_one().is_around(span):
                self._tangle(before, mine, span)
            assert span.parent is not None, "only the root has none"
            span.parent.open_inner.append(span)
            span.start_ns = self._last.wall_ns
            lane.spans += 1
            lane.current = span
        span.before = CURRENT.get()
        CURRENT.set(span)
        return span

    def close(self, span: Span) -> Account | None:
        """End a task; returns what it spent in all, ``None`` where it had ended before."""
        with self._lock:
            if not span.is_open:
                return None
            self._advance()
            lane = span.lane
            if lane.lost:
                span.doubt = _LOST
            elif lane is not self._home_lane and not lane.is_readable_here:
                span.doubt = _ELSEWHERE
            elif lane.current is not None and not span.is_around(lane.current):
                self._tangle(lane.current, None, span)
            span.is_open = False
            cost = span.cost()
            self._hand_up(span)
            span.end_ns = self._last.wall_ns
            lane.spans -= 1
            if lane.current is not None:
                lane.current = self._within(lane.current.open_one(), lane)
            if not lane.spans and lane is not self._home_lane:
                self._lanes = {
                    key: other for key, other in self._lanes.items() if other is not lane
                }
        if CURRENT.get() is span:
            CURRENT.set(span.before)
        return cost

    def switch(self, span: Span | None) -> None:
        """Go on, in this thread, with another task: with that of the context that it enters."""
        lane = self._lane_if_any()
        if lane is None:
            return
        target: Span | None = None
        if span is not None and span.ledger is self:
            target = span.open_one()
        if target is None or target is self.root:
            target = self._within(self.root, lane)
        if target is not lane.current:
            with self._lock:
                self._advance()
                lane.current = target

    def open_spans(self) -> list[Span]:
        """What is open, inner ones first."""
        found: list[Span] = []
        waiting = list(self.root.open_inner)
        while waiting:
            span = waiting.pop()
            found.append(span)
            waiting += span.open_inner
        return found[::-1]

    def _within(self, span: Span, lane: Lane) -> Span | None:
        """``span`` as something that ``lane`` pays for; ``None``: nothing."""
        if lane is self._home_lane:
            return span
        return span if span.lane is lane else None

    def _lane_if_any(self) -> Lane | None:
        if threading.get_ident() == self._home:
            return self._home_lane
        # The kernel's number: Python's own is soon given to another thread.
        return self._lanes.get(threading.get_native_id()) if self._lanes else None

    def _lane(self) -> Lane:
        lane = self._lane_if_any()
        if lane is None:
            lane = self._lanes[threading.get_native_id()] = Lane()
        return lane

    def _advance(self) -> None:
        """Divide what was spent since the last event among the tasks that were open."""
        now = self._read()
        spent = Account()
        spent.charge(now, self._last)
        self._last = now
        if self._lanes:
            self._pay_other_threads(spent)
        if self._debt_ns:
            paid_ns = min(self._debt_ns, max(0, spent.cpu_ns))
            self._debt_ns -= paid_ns
            spent.cpu_ns -= paid_ns
        if spent.cpu_ns < 0:
            self._debt_ns -= spent.cpu_ns
            spent.cpu_ns = 0
        (self._home_lane.current or self.root).own.add(spent)

    def _pay_other_threads(self, spent: Account) -> None:
        shares = [(lane.current, lane.spent_ns()) for lane in self._lanes.values()]
        claims = [(span, cpu_ns) for span, cpu_ns in shares if span is not None and cpu_ns]
        # Clocks differ by their grain, and by time stolen from a virtual machine.
        whole_ns = max(spent.cpu_ns, sum(cpu_ns for _, cpu_ns in claims))
        for span, cpu_ns in claims:
            span.own.add(spent.take(cpu_ns, whole_ns))
            whole_ns -= cpu_ns

    def _hand_up(self, span: Span) -> None:
        """Let the task around ``span`` count it, and take over what is still open inside."""
        parent = span.parent
        assert parent is not None, "only the root has none"
        parent.open_inner.remove(span)
        parent.inner.add(span.own)
        parent.inner.add(span.inner)
        for inner in span.open_inner:
            inner.parent = parent
        parent.open_inner += span.open_inner
        span.open_inner = []

    def _tangle(self, before: Span, mine: Span | None, span: Span) -> None:
        """Doubt the tasks that took turns without our seeing it."""
        span.doubt = _TANGLED
        other: Span | None = before
        while other is not None and other is not self.root and other is not mine:
            if other.is_open:
                other.doubt = _TANGLED
            other = other.parent
