"""The CPU clock with the speed beside it: how much work the CPU time so far was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.speed.correction import mean_probe_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["WorkClock"]

# The speed holds for tenths of a second, and the helper probes every 1.5 ms at most; closer edges
# would only cost time.
_MIN_EDGE_NS = 2_000_000


class WorkClock:
    """Reads CPU time and the work that it was worth, both cumulative.

    Work is counted in *kernels*: CPU time over what the probe's kernel took meanwhile, stretch by
    stretch. What probes cost in this process is in neither figure. ``read_cpu_ns`` is the CPU
    clock, which has to be opened after the probe.
    """

    __slots__ = (
        "_cpu_ns",
        "_edge",
        "_edge_wall_ns",
        "_inverse",
        "_kernels",
        "_own_ns",
        "_read_cpu_ns",
        "_taken",
        "probe",
    )

    def __init__(self, read_cpu_ns: Callable[[], int], probe: SpeedProbe) -> None:
        self._read_cpu_ns = read_cpu_ns
        self.restart(probe)

    def restart(self, probe: SpeedProbe) -> None:
        """Begin anew with another probe, as in a forked process."""
        self.probe = probe
        self._kernels = 0.0
        self._own_ns = 0
        self._edge_wall_ns = 0
        self._edge = probe.edge()
        self._taken = probe.taken_here
        self._inverse = self._edge.before_inverse
        self._cpu_ns = self._read_cpu_ns()

    def read(self, wall_ns: int) -> tuple[int, float]:
        """CPU time [ns] and work [kernels] so far; ``wall_ns`` is now.

        The work stays at 0.0 where no probe has ever answered.
        """
        cpu_ns = self._read_cpu_ns() - self._own_ns
        if wall_ns - self._edge_wall_ns >= _MIN_EDGE_NS:
            self._edge_wall_ns = wall_ns
            edge = self.probe.edge()
            probe_ns = mean_probe_ns(self._edge, edge)
            self._edge = edge
            if probe_ns is not None:
                self._inverse = 1 / probe_ns
            taken = self.probe.taken_here
            if taken != self._taken:
                self._taken = taken
                self._own_ns = self._read_cpu_ns() - cpu_ns
        self._kernels += (cpu_ns - self._cpu_ns) * self._inverse
        self._cpu_ns = cpu_ns
        return cpu_ns, self._kernels
