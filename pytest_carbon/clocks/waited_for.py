"""The last resort: this process and the children that it has waited for; it needs no /proc."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NAME", "WaitedForClock", "spent_ns"]

NAME = "waited-for"


if sys.platform == "win32":

    def spent_ns() -> int:
        """The CPU time of this process: Windows keeps no sum of ended children."""
        return System.process_time_ns()

else:
    from pytest_carbon.clocks.descendants import reaped_ns

    def spent_ns() -> int:
        """The CPU time of this process and of its ended children."""
        return System.process_time_ns() + reaped_ns()


class WaitedForClock:
    """Blind to living children: what they use is seen when they have ended."""

    name = NAME
    description = (
        "process time and ended children; living children are seen when they have ended, and "
        "daemons never"
    )

    def __init__(self, *, spent_ns: Callable[[], int] = spent_ns) -> None:
        self._spent_ns = spent_ns
        self._pid = System.getpid()
        self._origin_ns = spent_ns()
        self._last_ns = 0

    def read_ns(self) -> int:
        """Nanoseconds since the clock was opened; a forked child goes on from its parent's."""
        if System.getpid() != self._pid:
            self._pid, self._origin_ns = System.getpid(), -self._last_ns
        self._last_ns = max(self._last_ns, self._spent_ns() - self._origin_ns)
        return self._last_ns

    def close(self) -> None:
        """Nothing to release."""
