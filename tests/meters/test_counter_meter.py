"""What counters of all kinds have in common: those that stop in the midst of a run."""

from __future__ import annotations

import pytest

from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from tests.meters.truth import POWER, World

CPU = [Channel("package-0", "cpu"), Channel("package-1", "cpu"), Channel("dram-0", "memory")]


class Counters:
    """Counters of 20 W each, of which some have stopped."""

    def __init__(self, channels: list[Channel], *, interval_s: float = 0.001) -> None:
        self.world = World(mean_w=20.0, swing_w=0.0)
        self.shown = [0] * len(channels)
        self.stopped: set[int] = set()
        self.meter = CounterMeter(
            "chip",
            channels,
            lambda: self.shown,
            description="a chip",
            interval_s=interval_s,
            share=HostShare(POWER, 4, 4.0),
            clock_s=self.world.clock_s,
        )

    def pass_time(self, seconds: float) -> None:
        self.world.sleep(seconds)
        self.shown = [
            shown if at in self.stopped else int(self.world.energy_j() * 1e6 - 2e10)
            for at, shown in enumerate(self.shown)
        ]

    def run_short_tests(self, total_s: float, each_s: float) -> None:
        """Read at the edge of each, which is sooner than a counter counts as still."""
        for _ in range(round(total_s / each_s)):
            self.pass_time(each_s)
            self.meter.read()


@pytest.mark.parametrize("each_s", [0.001, 0.005, 0.09])
@pytest.mark.parametrize("stopped", [{0}, {1}, {0, 1}, {0, 1, 2}])
def test_a_package_that_stops_is_found_however_short_the_tests_are(
    each_s: float, stopped: set[int]
) -> None:
    counters = Counters(CPU)
    counters.run_short_tests(1.0, each_s)
    counters.stopped = stopped
    with pytest.raises(OSError, match=rf"stood still for .* s \(package-{min(stopped)}\)"):
        counters.run_short_tests(0.2, each_s)


def test_memory_may_rest() -> None:
    counters = Counters(CPU)
    counters.stopped = {2}
    counters.run_short_tests(5.0, 0.05)
    assert counters.meter.read()[2] == 0


@pytest.mark.parametrize("may_rest", [True, False])
def test_a_board_that_stops_is_found_unless_it_may_rest(may_rest: bool) -> None:
    counters = Counters([Channel("gpu-0", "gpu", may_rest=may_rest)], interval_s=0.1)
    counters.run_short_tests(1.0, 0.05)
    counters.stopped = {0}
    counters.run_short_tests(1.5, 0.05)
    if may_rest:
        counters.run_short_tests(9.0, 0.05)
    else:
        with pytest.raises(OSError, match=r"stood still for .* s \(gpu-0\)"):
            counters.run_short_tests(1.0, 0.05)


def test_what_is_left_to_another_meter_is_not_watched() -> None:
    counters = Counters(CPU)
    counters.meter.leave(("cpu",))
    counters.stopped = {0, 1}
    counters.run_short_tests(1.0, 0.05)
    assert counters.meter.domains == ("dram-0",)


@pytest.mark.parametrize("wrong", [ValueError("N/A"), KeyError("power"), AttributeError("gone")])
def test_whatever_a_driver_raises_is_an_error_of_the_system(wrong: Exception) -> None:
    def read() -> list[int]:
        if wrong.args[0] in told:
            raise wrong
        return [0]

    told: set[str] = set()
    meter = CounterMeter(
        "chip", [Channel("gpu-0", "gpu")], read, description="a chip", interval_s=0.1
    )
    told.add(str(wrong.args[0]))
    with pytest.raises(OSError, match=type(wrong).__name__):
        meter.read()
