"""Probes in the test's own process, at the edges of tests; and no probe at all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_carbon.speed.correction import is_credible
from pytest_carbon.speed.kernel import KERNEL_NAME, best_ns, time_kernel
from pytest_carbon.speed.probe import SpeedReading
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EdgeProbe", "EdgeTimer", "OffProbe", "is_traced"]

_MIN_INTERVAL_NS = 5_000_000
# A probe that was caught in a page fault storm must not silence the next second.
_MAX_INTERVAL_NS = 50_000_000


def is_traced() -> bool:
    """Whether a debugger, coverage or profile slows this thread's byte code."""
    return sys.gettrace() is not None or sys.getprofile() is not None


class EdgeTimer:
    """Times the kernel here, rarely enough that empty tests stay cheap.

    At most one probe in 5 ms, and at most ``share`` of the time. ``probes`` counts them,
    ``inverse_sum`` adds 1 / probe time [1/ns], ``before_inverse`` is the last one's; ``due_ns``
    is when the next may be (monotonic), ``taken`` how often time went into one.
    """

    __slots__ = (
        "_latest_ns",
        "_share",
        "_time_kernel",
        "before_inverse",
        "due_ns",
        "inverse_sum",
        "probes",
        "taken",
    )

    def __init__(self, share: float, time_kernel: Callable[[float], int] = time_kernel) -> None:
        self._share = share
        self._time_kernel = time_kernel
        self._latest_ns = 0
        self.due_ns = 0
        self.probes = 0
        self.taken = 0
        self.inverse_sum = 0.0
        self.before_inverse = 0.0

    def tick(self, now_ns: int) -> None:
        """Probe if it is time to at ``now_ns``."""
        if now_ns < self.due_ns:
            return
        probe_ns = self._time_kernel(self._latest_ns)
        self.taken += 1
        self._latest_ns = probe_ns
        cost_ns = 2 * probe_ns  # it runs once untimed
        pause_ns = min(max(_MIN_INTERVAL_NS, int(cost_ns / self._share)), _MAX_INTERVAL_NS)
        self.due_ns = now_ns + pause_ns
        if is_credible(probe_ns):
            self.probes += 1
            self.before_inverse = 1 / probe_ns
            self.inverse_sum += self.before_inverse

    def forget(self) -> None:
        """Drop the last probe: it no longer speaks for this moment."""
        self.before_inverse = 0.0


class EdgeProbe:
    """Probes at the edges only: no helper, half of the cure."""

    name = f"edges-{KERNEL_NAME}"
    description = "speed probed at the edges of tests"
    loss: str | None = None

    def __init__(
        self,
        *,
        clock_ns: Callable[[], int] = System.monotonic_ns,
        time_kernel: Callable[[float], int] = time_kernel,
    ) -> None:
        self._clock_ns = clock_ns
        # Probes at a traced edge take several times as long, but all of them do.
        self._timer = EdgeTimer(0.03, time_kernel)
        self._time_kernel = time_kernel

    @property
    def taken_here(self) -> int:
        """How many probes have run in this process."""
        return self._timer.taken

    @property
    def best_ns(self) -> float | None:
        """The kernel's time at its best, found out anew."""
        return best_ns(0.0, self._time_kernel)

    def edge(self) -> SpeedReading:
        """The sums at this instant; at most 3 % of the time goes into probes."""
        timer = self._timer
        timer.tick(self._clock_ns())
        return SpeedReading(timer.probes, timer.inverse_sum, timer.probes, timer.before_inverse)

    def close(self) -> None:
        """Nothing to release."""


class OffProbe:
    """No probe: the speed stays unknown, and CPU time uncorrected."""

    name = "off"
    description = "speed not probed"
    loss: str | None = None
    best_ns: float | None = None
    taken_here = 0

    def edge(self) -> SpeedReading:
        """Sums that never grow."""
        return SpeedReading(0.0, 0.0, 0, 0.0)

    def close(self) -> None:
        """Nothing to release."""
