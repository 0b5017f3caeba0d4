"""The share of one process tree in a counter that the whole machine drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pytest_carbon.measurement import Usage
    from pytest_carbon.meters.meter import Request
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["HostShare", "attribute"]


class HostShare(NamedTuple):
    """What divides a shared counter: the CPU's watts, and the hardware threads of the host.

    ``own_threads`` are those that this container may use: its share of what flows anyway.
    """

    power: CpuPower
    threads: int
    own_threads: float

    @classmethod
    def of(cls, request: Request) -> HostShare:
        """What a meter is opened with says it."""
        return cls(request.power, request.threads, request.own_threads)

    @property
    def words(self) -> str:
        """How the tree's part is told, for a description."""
        return (
            "the tree's part by its share of the host's busy CPU time, the idle part by the model "
            f"({self.power.slope_w:.2f} W busy, {self.power.min_w:.2f} W idle a hardware "
            f"thread, {self.power.source})"
        )


def attribute(total_j: float, usage: Usage, share: HostShare) -> tuple[float, float]:
    """Split a shared counter's joules: what the tree caused, and its share of the idle rest.

    The ratio of busy to idle joules is the model's, ``slope × busy CPU seconds`` to ``min_w ×
    threads × wall seconds``; of the busy part the tree gets its share of the host's busy CPU
    seconds, as Scaphandre and Kepler do, and of the idle part ``usage.host_share`` of its
    container's. Raw CPU seconds are right here: the counter has seen what the core really did. A
    host whose busy time is unknown, or by its coarse ticks seems less busy than the tree, is taken
    to be busy with the tree alone.
    """
    power = share.power
    busy_s = max(usage.host_busy_s or 0.0, usage.cpu_s)
    busy_w_s = power.slope_w * busy_s
    idle_w_s = power.min_w * share.threads * usage.wall_s
    if busy_w_s + idle_w_s <= 0:
        return 0.0, 0.0
    # Parts of one first: joules over the shortest of times would be more than a float holds.
    tree = power.slope_w * usage.cpu_s / (busy_w_s + idle_w_s)
    idle = idle_w_s / (busy_w_s + idle_w_s)
    own = min(1.0, share.own_threads / share.threads) * usage.host_share
    return total_j * tree, total_j * idle * own
