"""CPU time of children that no perf event saw, noticed by the kernel's own accounts.

The kernel ends an inherited event where a process turns into a program that its user may run but
not read: set-uid, set-gid, with file capabilities, mode 0711. Its CPU time is on its own clock for
as long as it lives or is a zombie, and in ``RUSAGE_CHILDREN`` after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.clocks.descendants import ProcTree, has_children, reaped_ns
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnseenChildren", "Used"]

# Two accounts of the same work differ by a little: rounding, and the time between two readings.
_LEAST_NS = 1_000_000
_LEAST_SHARE = 50

# What an event counts too much hides what it misses, so that comparing begins anew after so much
# work.
_BEGIN_ANEW_NS = 20_000_000

# Asking costs as much as all the rest of a reading; no program starts and ends in less time.
_ASK_EVERY_NS = 1_000_000

# Looking at living children costs much more. Where none has ended, it may take a hundredth of the
# time, and a tenth once some was not seen: what they use in between is found a little later.
_LOOK_SHARE = 100
_LOOK_SHARE_ONCE_MISSED = 10


class Used(NamedTuple):
    """The CPU time of this process, and of its ended and living children.

    ``is_alone``: no child is left, so that both are exact.
    """

    own_ns: int
    children_ns: int
    is_alone: bool


def _living_ns() -> int:
    """What living descendants and zombies have used, as far as /proc tells it."""
    try:
        members = ProcTree().snapshot({}).members
    except OSError:
        return 0
    return sum(member.own_ns + member.reaped_ns for member in members.values())


class UnseenChildren:
    """Compares what an event has counted with what this process and its children used.

    Since the last moment without children, the count must hold all of it; what it lacks was not
    seen. It may hold more: time stolen from a virtual machine, or what daemons use.
    """

    def __init__(
        self,
        *,
        own_ns: Callable[[], int] = System.process_time_ns,
        reaped_ns: Callable[[], int] = reaped_ns,
        has_children: Callable[[], bool] = has_children,
        living_ns: Callable[[], int] = _living_ns,
        now_ns: Callable[[], int] = System.perf_counter_ns,
        looking_ns: Callable[[], int] = System.thread_time_ns,
    ) -> None:
        self._now_ns = now_ns
        self._own_ns = own_ns
        self._reaped_ns = reaped_ns
        self._has_children = has_children
        self._living_ns = living_ns
        self._looking_ns = looking_ns
        self.so_far_ns = 0
        self.restart(0)

    def restart(self, counted_ns: int) -> None:
        """Begin anew at a count: in a forked process, or with other events."""
        self._asked_at = self._now_ns()
        self._look_from = self._asked_at
        self._reaped_at = self._reaped_ns()
        # Children of before were not counted from their start on: nothing is known until they end.
        self._is_clean = not self._has_children()
        self._begin(counted_ns, Used(self._own_ns(), self._reaped_at, self._is_clean))

    def _begin(self, counted_ns: int, used: Used) -> None:
        self._earlier_ns = self.so_far_ns
        self._counted_at, self._used_at = counted_ns, used

    def used(self) -> Used | None:
        """What was used until now; ``None`` where it was asked just before.

        To be called before the event is read: what children use between the two is then in the
        count alone, and not taken for unseen.
        """
        now = self._now_ns()
        if now - self._asked_at < _ASK_EVERY_NS:
            return None
        self._asked_at = now
        own, reaped = self._own_ns(), self._reaped_ns()
        has_ended, self._reaped_at = reaped != self._reaped_at, reaped
        if not self._has_children():
            return Used(own, reaped, is_alone=True)
        living = 0
        if self._is_clean and (has_ended or now >= self._look_from):
            before = self._looking_ns()
            living = self._living_ns()
            share = _LOOK_SHARE_ONCE_MISSED if self.so_far_ns else _LOOK_SHARE
            self._look_from = now + (self._looking_ns() - before) * share
        return Used(own, reaped + living, is_alone=False)

    def add_to(self, counted_ns: int, used: Used | None) -> int:
        """The count, and what it has missed until it was asked what was ``used``."""
        if used is not None:
            children_ns = used.children_ns - self._used_at.children_ns
            if self._is_clean and children_ns > 0:
                self._compare(counted_ns - self._counted_at, used.own_ns, children_ns)
            has_news = children_ns > 0 or self.so_far_ns > self._earlier_ns or not self._is_clean
            if used.is_alone and (has_news or counted_ns - self._counted_at >= _BEGIN_ANEW_NS):
                self._is_clean = True
                self._begin(counted_ns, used)
        return counted_ns + self.so_far_ns

    def _compare(self, counted_ns: int, own_ns: int, children_ns: int) -> None:
        missed = own_ns - self._used_at.own_ns + children_ns - counted_ns
        if missed > max(_LEAST_NS, children_ns // _LEAST_SHARE):
            self.so_far_ns = max(self.so_far_ns, self._earlier_ns + missed)
