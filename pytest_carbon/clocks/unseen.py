"""CPU time of children that no perf event saw, noticed by the kernel's own accounts.

The kernel ends an inherited event where a process turns into a program that its user may run but
not read: set-uid, set-gid, with file capabilities, mode 0711. Once it has ended, its CPU time is in
``RUSAGE_CHILDREN`` all the same.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_carbon.clocks.descendants import has_children, reaped_ns

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnseenChildren"]

# Two accounts of the same work differ by a little: rounding, and the time between two readings.
_LEAST_NS = 1_000_000
_LEAST_SHARE = 50

# What an event counts too much hides what it misses, so that comparing begins anew after so much
# work; not at every reading, as asking for children takes a microsecond.
_BEGIN_ANEW_NS = 20_000_000


# Asking costs as much as all the rest of a reading; no program starts and ends in less time.
_ASK_EVERY_NS = 1_000_000


class UnseenChildren:
    """Compares what an event has counted with what this process and its ended children used.

    Between two moments without children, the count must hold all of it; what it lacks was not seen.
    It may hold more: time stolen from a virtual machine, or what daemons use.
    """

    def __init__(
        self,
        *,
        own_ns: Callable[[], int] = time.process_time_ns,
        reaped_ns: Callable[[], int] = reaped_ns,
        has_children: Callable[[], bool] = has_children,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._now_ns = now_ns
        self._own_ns = own_ns
        self._reaped_ns = reaped_ns
        self._has_children = has_children
        self.so_far_ns = 0
        self.restart(0)

    def restart(self, counted_ns: int) -> None:
        """Begin anew at a count: in a forked process, or with other events."""
        self._asked_at = self._now_ns()
        self._reaped_at = self._reaped_ns()
        # Children of before were not counted from their start on: nothing is known until they end.
        self._is_clean = not self._has_children()
        self._begin(counted_ns)

    def _begin(self, counted_ns: int) -> None:
        self._earlier_ns = self.so_far_ns
        self._counted_at, self._own_at = counted_ns, self._own_ns()
        self._reaped_from = self._reaped_at

    def add_to(self, counted_ns: int) -> int:
        """The count, and what it has missed until now."""
        now = self._now_ns()
        if now - self._asked_at < _ASK_EVERY_NS:
            return counted_ns + self.so_far_ns
        self._asked_at = now
        reaped = self._reaped_ns()
        if reaped != self._reaped_at:
            self._reaped_at = reaped
            if self._is_clean:
                self._compare(counted_ns)
        elif counted_ns - self._counted_at < _BEGIN_ANEW_NS:
            return counted_ns + self.so_far_ns
        if not self._has_children():
            self._is_clean = True
            self._begin(counted_ns)
        return counted_ns + self.so_far_ns

    def _compare(self, counted_ns: int) -> None:
        ended = self._reaped_at - self._reaped_from
        missed = self._own_ns() - self._own_at + ended - (counted_ns - self._counted_at)
        if missed > max(_LEAST_NS, ended // _LEAST_SHARE):
            self.so_far_ns = max(self.so_far_ns, self._earlier_ns + missed)
