"""The share of one process tree in a counter that the whole machine drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_carbon.measurement import Usage
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["attribute"]


def attribute(total_j: float, usage: Usage, power: CpuPower, threads: int) -> tuple[float, float]:
    """Split a shared counter's joules: what the tree caused, and its share of the idle rest.

    The ratio of busy to idle joules is the model's, ``slope × busy CPU seconds`` to ``min_w ×
    threads × wall seconds``; of the busy part the tree gets its share of the host's busy CPU
    seconds, as Scaphandre and Kepler do, and of the idle part ``usage.host_share``. Raw CPU
    seconds are right here: the counter has seen what the core really did. A host whose busy
    time is unknown, or by its coarse ticks seems less busy than the tree, is taken to be busy
    with the tree alone. ``threads`` counts the host's hardware threads.
    """
    busy_s = max(usage.host_busy_s or 0.0, usage.cpu_s)
    busy_w_s = power.slope_w * busy_s
    idle_w_s = power.min_w * threads * usage.wall_s
    if busy_w_s + idle_w_s <= 0:
        return 0.0, 0.0
    j_per_w_s = total_j / (busy_w_s + idle_w_s)
    return j_per_w_s * power.slope_w * usage.cpu_s, j_per_w_s * idle_w_s * usage.host_share
