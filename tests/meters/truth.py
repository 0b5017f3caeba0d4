"""Invented hardware whose truth is known: a clock that is told, and power that varies over time."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from pytest_carbon.meters.meter import Request
from pytest_carbon.meters.watts import CpuPower

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POWER = CpuPower(min_w=1.0, max_w=5.0, source="invented", matched=True)


def request(**changes: object) -> Request:
    """What meters are opened with, on a machine of four hardware threads."""
    return Request(power=POWER, threads=4, own_threads=4.0)._replace(**changes)  # type: ignore[arg-type]


def all_move(read: Callable[[], Sequence[int]]) -> tuple[bool, ...]:
    """Says of every counter that it was seen moving: files in a folder stand still."""
    return (True,) * len(read())


class World:
    """A told clock, and a device that draws 100 W, more or less by half within three seconds."""

    def __init__(self, mean_w: float = 100.0, swing_w: float = 50.0) -> None:
        self.now_s = 1_000.0
        self._mean_w, self._swing_w = mean_w, swing_w
        self._per_s = 2 * math.pi / 3

    def clock_s(self) -> float:
        return self.now_s

    def clock_ns(self) -> int:
        return round(self.now_s * 1e9)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    @property
    def power_w(self) -> float:
        return self._mean_w + self._swing_w * math.sin(self._per_s * self.now_s)

    def energy_j(self, at_s: float | None = None) -> float:
        at_s = self.now_s if at_s is None else at_s
        return self._mean_w * at_s - self._swing_w / self._per_s * math.cos(self._per_s * at_s)

    def refreshed_j(self, interval_s: float) -> float:
        """What a counter shows that is refreshed only so often."""
        return self.energy_j(math.floor(self.now_s / interval_s) * interval_s)


def worst_error(
    world: World,
    read: Callable[[], tuple[int, ...]],
    *,
    poll_s: float | None = None,
    least_s: float = 0.1,
    before: Callable[[], object] = lambda: None,
) -> float:
    """The largest relative error of the first counter over forty windows of 0.1 to 1 s.

    ``before`` is called whenever time has passed, ``poll_s`` reads meanwhile as the sampler would.
    """
    chance = random.Random(7)

    def pass_time(seconds: float) -> None:
        end_s = world.now_s + seconds
        while poll_s is not None and world.now_s + poll_s < end_s:
            world.now_s += poll_s
            before()
            read()
        world.now_s = end_s
        before()

    # Past the first refreshes, before which a counter's phase is not known.
    for _ in range(20):
        pass_time(0.037)
        read()
    worst = 0.0
    for _ in range(40):
        pass_time(chance.uniform(0.001, 0.2))
        start_uj, start_j = read()[0], world.energy_j()
        pass_time(chance.uniform(least_s, 1.0))
        end_uj, end_j = read()[0], world.energy_j()
        worst = max(worst, abs((end_uj - start_uj) / 1e6 / (end_j - start_j) - 1))
    return worst
