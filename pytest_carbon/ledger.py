"""The ledger: exclusive costs that add up, whoever calls whom.

A stack of accounts. Whatever the process tree spends is charged to the account on top, so a
fixture that is set up inside a test's call is not in the test's figure, and the sum of all
accounts is the whole run.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.measurement import Reading

__all__ = ["Account", "Ledger"]


class Account:
    """What one subject, or one phase of a test, has spent so far; mutable, for speed.

    ``times`` counts how often its subject ran, ``kernels`` is the work that its CPU time was worth
    in runs of the speed probe's kernel. ``counters`` are the meters' cumulative counts
    and ``host_ns`` the whole host's CPU time, both as differences. ``is_lost``: a reading failed
    while it paid, so that what it has spent is not known.
    """

    __slots__ = ("counters", "cpu_ns", "host_ns", "is_lost", "kernels", "times", "wall_ns")

    def __init__(self) -> None:
        self.cpu_ns = 0
        self.kernels = 0.0
        self.wall_ns = 0
        self.host_ns = 0
        self.counters: tuple[int, ...] = ()
        self.times = 0
        self.is_lost = False

    def charge(self, now: Reading, last: Reading) -> None:
        """Add what was spent between two readings."""
        self.cpu_ns += now.cpu_ns - last.cpu_ns
        self.kernels += now.kernels - last.kernels
        self.wall_ns += now.wall_ns - last.wall_ns
        if now.counters:
            self.host_ns += now.host_ns - last.host_ns
            differences = (new - old for new, old in zip(now.counters, last.counters, strict=True))
            if self.counters:
                self.counters = tuple(map(int.__add__, self.counters, differences))
            else:
                self.counters = tuple(differences)

    def add(self, other: Account) -> None:
        """Add what another account has spent; how often its subject ran is its own affair."""
        self.cpu_ns += other.cpu_ns
        self.kernels += other.kernels
        self.wall_ns += other.wall_ns
        self.host_ns += other.host_ns
        self.is_lost = self.is_lost or other.is_lost
        if other.counters:
            if self.counters:
                self.counters = tuple(map(int.__add__, self.counters, other.counters))
            else:
                self.counters = other.counters

    def take(self, cpu_ns: int, of_ns: int) -> Account:
        """Split off the part that belongs to ``cpu_ns`` of ``of_ns`` CPU time, in all figures."""
        part = Account()
        part.cpu_ns = cpu_ns
        self.cpu_ns -= cpu_ns
        if of_ns > 0:
            part.kernels = self.kernels * cpu_ns / of_ns
            part.wall_ns = self.wall_ns * cpu_ns // of_ns
            part.host_ns = self.host_ns * cpu_ns // of_ns
            part.counters = tuple(count * cpu_ns // of_ns for count in self.counters)
            self.kernels -= part.kernels
            self.wall_ns -= part.wall_ns
            self.host_ns -= part.host_ns
            self.counters = tuple(map(int.__sub__, self.counters, part.counters))
        return part


class Ledger:
    """Charges the time between two switches to the account that was on top.

    A reading that fails is told to ``on_fault``; whoever paid then, and whoever pays until the next
    reading that succeeds, is marked as lost. The stack is right all the same.
    """

    def __init__(
        self,
        read: Callable[[], Reading],
        root: Account,
        on_fault: Callable[[Exception], None] | None = None,
    ) -> None:
        self._read = read
        self._on_fault = on_fault
        self._stack = [root]
        # A task in another thread settles, too.
        self._lock = threading.RLock()
        self._last: Reading | None = read()
        self.is_busy = False

    def push(self, account: Account) -> None:
        """Charge what was spent until now, and let ``account`` pay from here on."""
        self._charge()
        self._stack.append(account)

    def pop(self) -> None:
        """Charge the account on top, and hand back to the one below it."""
        self._charge()
        self._stack.pop()

    def unwind(self, depth: int) -> None:
        """Close what an exception left open above ``depth``."""
        while len(self._stack) > depth:
            self.pop()

    def is_paying(self, account: Account) -> bool:
        """Whether ``account`` is on top."""
        return self._stack[-1] is account

    @property
    def depth(self) -> int:
        """How many accounts are open, the root included."""
        return len(self._stack)

    def settle(self) -> None:
        """Charge what was spent until now and leave the account on top open."""
        self._charge()

    def _charge(self) -> None:
        with self._lock:
            self.is_busy = True
            try:
                now = self._read()
            except Exception as error:
                if self._on_fault is None:
                    raise
                self._on_fault(error)
                now = None
            last, self._last = self._last, now
            if now is None or last is None:
                self._stack[-1].is_lost = True
            else:
                self._stack[-1].charge(now, last)
            self.is_busy = False
