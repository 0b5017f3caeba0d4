"""Threads that spin on once their work is done: waited for, so that no later test pays for them."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SpinningThreads"]

# The threads of OpenBLAS spin for 2^26 to 2^28 cycles after their last work and after they were
# made, so for 25 to 110 ms; those of OpenMP mostly less. Seen here: importing numpy doubled the
# CPU time of the next tests, 60 ms long.
_LONGEST_S = 0.25
_POLL_S = 0.001

# Threads that hand work to each other are all asleep for moments.
_IDLE_POLLS = 2

# Less is a thread that waits for something, or an error of clocks.
_WORKED_NS = 200_000

# Whoever works in the background for so long, three times over, is not about to stop.
_PATIENCE = 3


def _others_cpu_ns() -> int:
    return System.process_time_ns() - System.thread_time_ns()


def _others_run() -> bool:
    """Whether another thread of this process runs or wants to; never so where nothing tells.

    Their CPU time would not do: the kernel adds up that of a thread on another CPU tick by tick.
    """
    own = str(System.get_native_id())
    with contextlib.suppress(OSError):
        return any(
            thread != own and _state(f"/proc/self/task/{thread}/stat") == b"R"
            for thread in System.listdir("/proc/self/task")
        )
    return False


def _state(path: str) -> bytes:
    try:
        file = System.os_open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        stat: bytes = System.read(file, 512)
    except OSError:
        return b""
    finally:
        System.close(file)
    # The name before it may hold anything, brackets too.
    after = stat.rindex(b")") + 2
    return stat[after : after + 1]


class SpinningThreads:
    """Waits until the other threads of this process are idle, where they have worked at all.

    A few times in vain, and it waits no more: something in this process always works.
    """

    def __init__(
        self,
        others_cpu_ns: Callable[[], int] = _others_cpu_ns,
        others_run: Callable[[], bool] = _others_run,
        clock_s: Callable[[], float] = System.monotonic,
        sleep: Callable[[float], None] = System.sleep,
    ) -> None:
        self._others_cpu_ns = others_cpu_ns
        self._others_run = others_run
        self._clock_s = clock_s
        self._sleep = sleep
        self._patience = _PATIENCE
        self._seen_ns = others_cpu_ns()

    def may_spin(self) -> bool:
        """Whether other threads have worked since it was asked last, and waiting is worth while."""
        if self._patience <= 0:
            return False
        seen_ns, self._seen_ns = self._seen_ns, self._others_cpu_ns()
        return self._seen_ns - seen_ns > _WORKED_NS

    def wait(self) -> None:
        """Wait until they rest, or have not come to rest for long."""
        until_s = self._clock_s() + _LONGEST_S
        idle = 0
        while self._clock_s() < until_s:
            idle = 0 if self._others_run() else idle + 1
            if idle == _IDLE_POLLS:
                self._patience = _PATIENCE
                break
            self._sleep(_POLL_S)
        else:
            self._patience -= 1
        self._seen_ns = self._others_cpu_ns()
