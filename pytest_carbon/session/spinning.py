"""Threads that spin on once their work is done: waited for, so that no later test pays for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SpinningThreads"]

# The threads of OpenBLAS spin for 2^26 to 2^28 cycles after their last work and after they were
# made, so for 25 to 110 ms; those of OpenMP mostly less. Seen here: importing numpy doubled the
# CPU time of the next tests, 60 ms long.
_LONGEST_S = 0.25
_SLICE_S = 0.001

_BUSY = 0.1

# Less is a thread that waits for something, or an error of clocks.
_WORKED_NS = 200_000

# Whoever works in the background for so long, three times over, is not about to stop.
_PATIENCE = 3


def _others_cpu_ns() -> int:
    return time.process_time_ns() - time.thread_time_ns()


class SpinningThreads:
    """Waits until the other threads of this process are idle, where they have worked at all.

    A few times in vain, and it waits no more: something in this process always works.
    """

    def __init__(
        self,
        others_cpu_ns: Callable[[], int] = _others_cpu_ns,
        wall_ns: Callable[[], int] = time.perf_counter_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._others_cpu_ns = others_cpu_ns
        self._wall_ns = wall_ns
        self._sleep = sleep
        self._patience = _PATIENCE
        self._seen_ns = 0

    def begin(self) -> None:
        """Whatever other threads did so far is past."""
        self._seen_ns = self._others_cpu_ns()

    @property
    def may_spin(self) -> bool:
        """Whether other threads have worked since ``begin``, and it is worth while to wait."""
        return self._patience > 0 and self._others_cpu_ns() - self._seen_ns > _WORKED_NS

    def wait(self) -> None:
        """Wait until a millisecond has gone by in which they did hardly anything."""
        start_ns = wall_ns = self._wall_ns()
        cpu_ns = self._others_cpu_ns()
        while wall_ns - start_ns < _LONGEST_S * NS_PER_S:
            self._sleep(_SLICE_S)
            before_cpu_ns, before_wall_ns = cpu_ns, wall_ns
            cpu_ns, wall_ns = self._others_cpu_ns(), self._wall_ns()
            if cpu_ns - before_cpu_ns < _BUSY * (wall_ns - before_wall_ns):
                self._patience = _PATIENCE
                return
        self._patience -= 1
