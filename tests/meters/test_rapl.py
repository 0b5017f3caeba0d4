"""RAPL over powercap trees in a folder: what is summed, wraps, and what can go wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.rapl import RaplMeter, open_rapl
from pytest_carbon.meters.rapl_zones import Zone
from pytest_carbon.meters.watts import CpuPower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Powercap = Any  # tests/meters/conftest.py

RANGE_UJ = 262_143_328_850


@pytest.fixture
def opened(powercap: Powercap, power: CpuPower) -> Iterator[Callable[..., RaplMeter]]:
    """Opens the meter on the tree, closes it afterwards."""
    meters: list[RaplMeter] = []

    def open_it(**world: Any) -> RaplMeter:
        meter = open_rapl(powercap.root, power=power, threads=4, sleep=lambda _: None, **world)
        assert isinstance(meter, RaplMeter), meter
        meters.append(meter)
        return meter

    yield open_it
    for meter in meters:
        meter.close()


@pytest.fixture
def refused(powercap: Powercap, power: CpuPower) -> Callable[..., Unavailable]:
    def open_it(**world: Any) -> Unavailable:
        found = open_rapl(powercap.root, power=power, threads=4, sleep=lambda _: None, **world)
        assert isinstance(found, Unavailable), found
        return found

    return open_it


def test_packages_and_their_memory_are_read_and_nothing_twice(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add_server()
    meter = opened()
    assert meter.domains == ("package-0", "dram-0", "package-1", "dram-1")
    assert meter.method is Method.MEASURED
    assert meter.read() == (0, 0, 0, 0)
    powercap.set("intel-rapl:0", 1_500)
    powercap.set("intel-rapl:1:0", 27)
    assert meter.read() == (500, 0, 0, 7)


def test_zones_nested_below_their_package_are_found(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl:0/intel-rapl:0:0", "dram", 2)
    assert opened().domains == ("package-0", "dram-0")


def test_the_mapped_tree_serves_where_it_is_the_only_one(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl-mmio:0", "package-0", 1)
    assert opened().domains == ("package-0",)


def test_ten_sockets_are_listed_in_their_order(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    for number in range(11):
        powercap.add(f"intel-rapl:{number}", f"package-{number}", 1_000 + number)
    assert opened().domains == tuple(f"package-{number}" for number in range(11))


def test_packages_that_bear_one_name_stay_apart(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl:1", "package-0", 2)
    assert opened().domains == ("package-0", "package-0-zone-1")


def test_dies_that_mirror_one_counter_count_once(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0-die-0", 5_000)
    powercap.add("intel-rapl:1", "package-0-die-1", 5_000)
    powercap.add("intel-rapl:2", "package-1-die-0", 7_000)
    powercap.add("intel-rapl:3", "package-1-die-1", 7_000)
    assert opened().domains == ("package-0-die-0", "package-1-die-0")


def test_a_mirror_is_found_although_the_counter_moves_between_two_files(
    powercap: Powercap, power: CpuPower
) -> None:
    """One look in three shows both files alike, the others fall upon a refresh."""
    powercap.add("intel-rapl:0", "package-0", 0)
    powercap.add("intel-rapl:1", "package-1", 0)
    looks = 0

    def refresh(_: float) -> None:
        nonlocal looks
        looks += 1
        powercap.set("intel-rapl:0", 100 * looks)
        powercap.set("intel-rapl:1", 100 * looks + (7 if looks % 3 else 0))

    powercap.set("intel-rapl:1", 7)
    apart = open_rapl(powercap.root, power=power, threads=4, sleep=lambda _: None)
    assert isinstance(apart, RaplMeter)
    assert apart.domains == ("package-0", "package-1")
    apart.close()
    powercap.set("intel-rapl:1", 0)
    alike = open_rapl(powercap.root, power=power, threads=4, sleep=refresh)
    assert isinstance(alike, RaplMeter)
    assert alike.domains == ("package-0",)
    alike.close()


def test_two_sockets_that_once_show_the_same_count_are_two(
    powercap: Powercap, power: CpuPower
) -> None:
    powercap.add("intel-rapl:0", "package-0", 500)
    powercap.add("intel-rapl:1", "package-1", 500)
    meter = open_rapl(
        powercap.root, power=power, threads=1, sleep=lambda _: powercap.set("intel-rapl:1", 600)
    )
    assert isinstance(meter, RaplMeter)
    assert meter.domains == ("package-0", "package-1")
    meter.close()


def test_a_machine_without_rapl_is_no_news(refused: Callable[..., Unavailable]) -> None:
    assert refused().silent


def test_a_machine_without_powercap_is_no_news(tmp_path: Path, power: CpuPower) -> None:
    found = open_rapl(tmp_path / "nowhere", power=power, threads=1)
    assert isinstance(found, Unavailable)
    assert found.silent


def test_a_counter_that_may_not_be_read_is_told_with_the_remedy(
    powercap: Powercap, refused: Callable[..., Unavailable]
) -> None:
    powercap.add_server()

    def forbidden(path: Path) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    found = refused(open_file=forbidden)
    assert not found.silent
    assert "may not be read" in found.reason
    assert "sudo chmod a+r" in found.remedy
    assert "udev" in found.remedy
    assert "chgrp" in found.remedy


def test_files_opened_before_a_refusal_are_closed(
    powercap: Powercap, refused: Callable[..., Unavailable]
) -> None:
    powercap.add_server()
    files: list[int] = []

    def first_only(path: Path) -> int:
        if files:
            raise PermissionError(13, "Permission denied")
        files.append(os.open(path, os.O_RDONLY))
        return files[0]

    refused(open_file=first_only)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(files[0])


@pytest.mark.parametrize("content", ["", "many", "12.5", "0x10"])
def test_a_counter_that_holds_no_number_is_told(
    powercap: Powercap, refused: Callable[..., Unavailable], content: str
) -> None:
    powercap.add("intel-rapl:0", "package-0", content)
    found = refused()
    assert not found.silent
    assert "package-0" in found.reason


def test_a_counter_that_is_a_folder_is_told(
    powercap: Powercap, refused: Callable[..., Unavailable]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    (powercap.root / "intel-rapl:0" / "energy_uj").unlink()
    (powercap.root / "intel-rapl:0" / "energy_uj").mkdir()
    assert not refused().silent


@pytest.mark.parametrize("content", ["", "0", "-5", "wide"])
def test_a_counter_of_unknown_range_is_left_out(
    powercap: Powercap, refused: Callable[..., Unavailable], content: str
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1, range_uj=content)
    assert refused().silent


def test_a_wrap_is_undone(powercap: Powercap, opened: Callable[..., RaplMeter]) -> None:
    powercap.add("intel-rapl:0", "package-0", RANGE_UJ - 1_000)
    meter = opened()
    powercap.set("intel-rapl:0", 500)
    assert meter.read() == (1_500,)
    powercap.set("intel-rapl:0", 700)
    assert meter.read() == (1_700,)


def test_a_counter_that_was_reset_is_an_error_and_no_wrap(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    """After a suspended night a counter starts at 0: that is not 200 kJ in a millisecond."""
    powercap.add("intel-rapl:0", "package-0", 60_000_000_000)
    meter = opened()
    powercap.set("intel-rapl:0", 500)
    with pytest.raises(OSError, match="reset"):
        meter.read()


def test_a_large_wrap_is_believed_if_it_took_its_time(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    now_s = 0.0
    powercap.add("intel-rapl:0", "package-0", 60_000_000_000)
    meter = opened(clock_s=lambda: now_s)
    powercap.set("intel-rapl:0", 500)
    now_s = 1_000.0
    assert meter.read() == (RANGE_UJ - 60_000_000_000 + 500,)


@pytest.mark.parametrize("content", ["", "gone\n"])
def test_a_zone_that_vanishes_is_an_error_and_no_zero(
    powercap: Powercap, opened: Callable[..., RaplMeter], content: str
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1_000)
    meter = opened()
    powercap.set("intel-rapl:0", content)
    with pytest.raises(OSError, match="package-0"):
        meter.read()


def test_a_closed_meter_reads_nothing(powercap: Powercap, opened: Callable[..., RaplMeter]) -> None:
    powercap.add("intel-rapl:0", "package-0", 1_000)
    meter = opened()
    meter.close()
    meter.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        meter.read()


def test_it_is_polled_twice_a_wrap_at_five_hundred_watts(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl:0:0", "dram", 1, range_uj=65_000_000_000)
    assert opened().poll_s == pytest.approx(65)


def test_joules_go_to_the_tree_by_its_share(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 0)
    meter = opened()
    # 4 W × 2 s busy against 1 W × 4 threads × 2 s idle: half of 12 J is busy, half of it ours.
    usage = Usage(cpu_s=1.0, wall_s=2.0, work_s=9.0, host_busy_s=2.0, host_share=0.5)
    (energy,) = meter.energy(usage, (0,), (12_000_000,))
    assert energy == DomainEnergy("package-0", 3.0, 3.0, Method.MEASURED)


@given(steps=st.lists(st.integers(0, 999), max_size=30), start=st.integers(0, 999))
def test_any_series_of_steps_short_of_a_wrap_is_summed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], start: int
) -> None:
    zone = tmp_path_factory.mktemp("powercap") / "zone"
    zone.mkdir()
    file = zone / "energy_uj"
    file.write_text(str(start))
    meter = RaplMeter(
        [Zone("package-0", 0, zone, range_uj=1_000)],
        CpuPower(min_w=1, max_w=2, source="", matched=True),
        threads=1,
    )
    shown = start
    for number, step in enumerate(steps, start=1):
        shown = (shown + step) % 1_000
        file.write_text(str(shown))
        assert meter.read() == (sum(steps[:number]),)
    meter.close()
