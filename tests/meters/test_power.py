"""Energy from power, against a device whose energy is known."""

from __future__ import annotations

import pytest

from pytest_carbon.meters.power import CompletedCounter, PowerSum
from tests.meters.truth import World, worst_error


def test_power_is_integrated_to_below_a_percent() -> None:
    world = World()
    power = PowerSum(lambda: world.power_w, world.clock_ns)
    assert worst_error(world, lambda: (power.read_uj(),), poll_s=0.1) < 0.01


def test_power_below_zero_takes_nothing_back() -> None:
    world = World()
    power = PowerSum(lambda: -5.0, world.clock_ns)
    world.sleep(1)
    assert power.read_uj() == 0


@pytest.mark.parametrize("interval_s", [0.02, 0.1])
def test_a_counter_that_is_refreshed_rarely_is_completed_to_below_a_percent(
    interval_s: float,
) -> None:
    world = World()
    one = CompletedCounter(
        lambda: int(world.refreshed_j(interval_s) * 1e6),
        lambda: world.power_w,
        interval_s,
        world.clock_ns,
    )
    assert worst_error(world, lambda: (one.read_uj(),), poll_s=0.1) < 0.01


def test_a_window_shorter_than_a_refresh_is_not_nothing() -> None:
    world = World(swing_w=0)
    one = CompletedCounter(lambda: 5_000_000, lambda: 100.0, 0.1, world.clock_ns)
    before = one.read_uj()
    world.sleep(0.01)
    assert one.read_uj() - before == pytest.approx(1_000_000)


def test_a_counter_that_stands_still_is_completed_for_no_longer_than_a_refresh() -> None:
    world = World()
    one = CompletedCounter(lambda: 5_000_000, lambda: 100.0, 0.1, world.clock_ns)
    for _ in range(10):
        world.sleep(1)
        last = one.read_uj()
    assert last == pytest.approx(15_000_000)


def test_without_power_the_counter_is_shown_as_it_is() -> None:
    world = World()
    shown = [1_000]
    one = CompletedCounter(lambda: shown[0], lambda: None, 0.1, world.clock_ns)
    world.sleep(0.05)
    assert one.read_uj() == 1_000
    shown[0] = 3_000
    assert one.read_uj() == 3_000


def test_a_counter_that_goes_back_is_shown_so() -> None:
    world = World()
    shown = [9_000_000]
    one = CompletedCounter(lambda: shown[0], lambda: 100.0, 0.1, world.clock_ns)
    shown[0] = 10
    assert one.read_uj() == 10
