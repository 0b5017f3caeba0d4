"""RAPL over powercap trees in a folder: what is summed, wraps, and what can go wrong."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.rapl import RaplMeter, open_rapl
from tests.meters.truth import World, all_move, request, worst_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Powercap = Any  # tests/meters/conftest.py

RANGE_UJ = 262_143_328_850


@pytest.fixture
def opened(powercap: Powercap) -> Iterator[Callable[..., RaplMeter]]:
    """Opens the meter on the tree, closes it afterwards."""
    meters: list[RaplMeter] = []

    def open_it(**world: Any) -> RaplMeter:
        meter = open_rapl(
            request(),
            **{"root": powercap.root, "sleep": lambda _: None, "moving": all_move, **world},
        )
        assert isinstance(meter, RaplMeter), meter
        meters.append(meter)
        return meter

    yield open_it
    for meter in meters:
        meter.close()


@pytest.fixture
def refused(powercap: Powercap) -> Callable[..., Unavailable]:
    def open_it(**world: Any) -> Unavailable:
        found = open_rapl(
            request(),
            **{"root": powercap.root, "sleep": lambda _: None, "moving": all_move, **world},
        )
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


def test_a_mirror_is_found_although_the_counter_moves_between_two_files(powercap: Powercap) -> None:
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
    apart = open_rapl(request(), root=powercap.root, sleep=lambda _: None, moving=all_move)
    assert isinstance(apart, RaplMeter)
    assert apart.domains == ("package-0", "package-1")
    apart.close()
    powercap.set("intel-rapl:1", 0)
    alike = open_rapl(request(), root=powercap.root, sleep=refresh, moving=all_move)
    assert isinstance(alike, RaplMeter)
    assert alike.domains == ("package-0",)
    alike.close()


def test_two_sockets_that_once_show_the_same_count_are_two(powercap: Powercap) -> None:
    powercap.add("intel-rapl:0", "package-0", 500)
    powercap.add("intel-rapl:1", "package-1", 500)
    meter = open_rapl(
        request(),
        root=powercap.root,
        sleep=lambda _: powercap.set("intel-rapl:1", 600),
        moving=all_move,
    )
    assert isinstance(meter, RaplMeter)
    assert meter.domains == ("package-0", "package-1")
    meter.close()


def test_a_machine_without_rapl_is_no_news(refused: Callable[..., Unavailable]) -> None:
    assert refused().silent


def test_a_machine_without_powercap_is_no_news(tmp_path: Path) -> None:
    found = open_rapl(request(), root=tmp_path / "nowhere")
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
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl:0:0", "dram", 1)
    files: list[int] = []

    def memory_only(path: Path) -> int:
        if path.parent.name == "intel-rapl:0":
            raise PermissionError(13, "Permission denied")
        files.append(os.open(path, os.O_RDONLY))
        return files[-1]

    refused(open_file=memory_only)
    assert files
    for file in files:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)


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
    found = refused()
    assert not found.silent
    assert "max_energy_range_uj does not say where it wraps" in found.reason


@pytest.mark.parametrize("zone", ["intel-rapl:1", "intel-rapl:1:0"])
def test_one_zone_of_unknown_range_is_left_out_by_name(
    powercap: Powercap, opened: Callable[..., RaplMeter], zone: str
) -> None:
    powercap.add_server()
    (powercap.root / zone / "max_energy_range_uj").write_text("")
    domain = "package-1" if zone == "intel-rapl:1" else "dram-1"
    meter = opened()
    assert domain not in meter.domains
    assert meter.name == f"rapl-without-{domain}", "figures of less: another environment"
    assert f"{domain} left out: {powercap.root}/{zone}" in meter.description


@pytest.mark.parametrize("fault", ["empty name", "no name", "cut link"])
def test_a_zone_without_a_name_is_left_out_by_its_number(
    powercap: Powercap, opened: Callable[..., RaplMeter], fault: str
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    if fault == "cut link":
        (powercap.root / "intel-rapl:1").symlink_to("/nowhere/intel-rapl:1")
    else:
        powercap.add("intel-rapl:1", "", 2)
        if fault == "no name":
            (powercap.root / "intel-rapl:1" / "name").unlink()
    meter = opened()
    assert meter.name == "rapl-without-zone-1"
    assert "zone-1 left out" in meter.description


def test_folders_that_only_look_like_zones_are_no_news(
    powercap: Powercap, refused: Callable[..., Unavailable]
) -> None:
    powercap.add("intel-rapl:0", "", 2)
    powercap.add("intel-rapl:x", "package-0", 2)
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


@pytest.mark.parametrize(("range_uj", "poll_s"), [(65_000_000_000, 0.25), (200_000_000, 0.2)])
def test_it_is_polled_twice_a_wrap_at_five_hundred_watts_and_four_times_a_second_at_least(
    powercap: Powercap, opened: Callable[..., RaplMeter], range_uj: int, poll_s: float
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl:0:0", "dram", 1, range_uj=range_uj)
    assert opened().poll_s == pytest.approx(poll_s)


def test_a_counter_that_stops_in_the_midst_of_a_test_is_found_by_polling(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    now_s = 0.0
    powercap.add("intel-rapl:0", "package-0", 1)
    meter = opened(clock_s=lambda: now_s)
    powercap.set("intel-rapl:0", 700_000)
    now_s = 0.25
    meter.read()
    now_s = 0.5
    with pytest.raises(OSError, match=r"stood still for 0\.25 s"):
        meter.read()


def test_joules_go_to_the_tree_by_its_share(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 0)
    meter = opened()
    # 4 W × 2 s busy against 1 W × 4 threads × 2 s idle: half of 12 J is busy, half of it ours.
    usage = Usage(cpu_s=1.0, wall_s=2.0, work_s=9.0, host_busy_s=2.0, host_share=0.5)
    (energy,) = meter.energy(usage, (0,), (12_000_000,))
    assert energy == DomainEnergy("package-0", 3.0, 3.0, Method.MEASURED)


def test_a_counter_that_jumps_beyond_what_a_package_draws_is_an_error(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    now_s = 0.0
    powercap.add("intel-rapl:0", "package-0", 0)
    meter = opened(clock_s=lambda: now_s)
    powercap.set("intel-rapl:0", 5_000_000_000)
    now_s = 0.2
    with pytest.raises(OSError, match="which no hardware draws"):
        meter.read()


def test_counters_that_stand_still_while_the_cpu_works_are_not_believed(
    powercap: Powercap, refused: Callable[..., Unavailable]
) -> None:
    powercap.add_server()
    found = refused(moving=lambda read: (False,) * len(read()))
    assert not found.silent
    assert "package-0, dram-0, package-1, dram-1 stands still" in found.reason


def test_a_frozen_tree_is_found_out_by_working(
    powercap: Powercap,
) -> None:
    powercap.add_server()
    found = open_rapl(request(), root=powercap.root)
    assert isinstance(found, Unavailable)
    assert "stands still while the CPU works" in found.reason


def test_memory_that_stands_still_is_left_out_by_name(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl:0:0", "dram", 0)
    meter = opened(moving=lambda _: (True, False))
    assert meter.domains == ("package-0",)
    assert meter.name == "rapl-without-dram-0", "figures of another kind: another environment"
    assert "dram-0 left out: it stands still" in meter.description


def test_joules_that_stopped_coming_are_unknown_and_not_nothing(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    meter = opened()
    work = Usage(cpu_s=1.0, wall_s=1.0, work_s=1.0, host_busy_s=1.0)
    with pytest.raises(OSError, match=r"stood still during 1 s of CPU time"):
        meter.energy(work, (5,), (5,))
    short = work._replace(cpu_s=0.001)
    assert meter.energy(short, (5,), (5,))[0].dynamic_j == 0


def forbid(*zones: str) -> Callable[[Path], int]:
    def open_file(path: Path) -> int:
        if path.parent.name in zones:
            raise PermissionError(13, "Permission denied")
        return os.open(path, os.O_RDONLY)

    return open_file


def test_a_zone_that_cannot_be_read_is_left_out_with_its_path(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add_server()
    meter = opened(open_file=forbid("intel-rapl:1:0"))
    assert meter.domains == ("package-0", "dram-0", "package-1")
    assert f"dram-1 left out: {powercap.root}/intel-rapl:1:0/energy_uj" in meter.description
    assert meter.name == "rapl-without-dram-1"


def test_the_mirror_tree_is_tried_where_the_first_may_not_be_read(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    powercap.add("intel-rapl-mmio:0", "package-0", 2)
    meter = opened(open_file=forbid("intel-rapl:0"))
    assert (meter.domains, meter.name) == (("package-0",), "rapl")


def test_a_refusal_names_the_file(powercap: Powercap, refused: Callable[..., Unavailable]) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    found = refused(open_file=forbid("intel-rapl:0"))
    assert f"{powercap.root}/intel-rapl:0/energy_uj may not be read" in found.reason
    assert f"chmod a+r {powercap.root}/intel-rapl*/energy_uj" in found.remedy


def test_links_that_a_container_has_cut_are_told_with_what_to_mount(
    powercap: Powercap, refused: Callable[..., Unavailable]
) -> None:
    (powercap.root / "intel-rapl:0").symlink_to("/nowhere/intel-rapl:0")
    found = refused()
    assert not found.silent
    assert "lead nowhere" in found.reason
    assert "--carbon-powercap" in found.remedy


def test_another_root_is_taken_where_it_is_named(powercap: Powercap, tmp_path: Path) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    named = request(powercap=powercap.root)
    found = open_rapl(named, root=tmp_path / "nowhere", moving=all_move)
    assert isinstance(found, RaplMeter)
    assert found.domains == ("package-0",)
    found.close()


def test_a_guest_that_was_handed_bare_counters_is_measured(powercap: Powercap) -> None:
    (powercap.root / "intel-rapl:0").mkdir()
    powercap.set("intel-rapl:0", 7_000)
    found = open_rapl(request(powercap=powercap.root), moving=all_move)
    assert isinstance(found, RaplMeter)
    assert found.domains == ("package-0",)
    assert found.poll_s == 0.25, "nobody says where it wraps"
    powercap.set("intel-rapl:0", 9_000)
    assert found.read() == (2_000,)
    found.close()


@pytest.mark.parametrize("make", ["nothing", "file", "empty", "loop"])
def test_a_root_that_is_no_tree_is_an_error_of_the_setting(tmp_path: Path, make: str) -> None:
    root = tmp_path / "root"
    if make == "file":
        root.write_text("")
    elif make == "empty":
        root.mkdir()
    elif make == "loop":
        root.symlink_to(root)
    with pytest.raises(SettingError, match="no RAPL package zone is there") as caught:
        open_rapl(request(powercap=root))
    assert "intel-rapl:0" in caught.value.remedy


def test_a_right_that_is_lost_in_a_run_is_an_error_and_no_zero(
    powercap: Powercap, opened: Callable[..., RaplMeter], monkeypatch: pytest.MonkeyPatch
) -> None:
    powercap.add_server()
    meter = opened()

    def forbid(*_: object) -> bytes:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("pytest_carbon.system.System.pread", forbid)
    with pytest.raises(PermissionError):
        meter.read()


@pytest.mark.parametrize("content", ["-5", "", "nan", "0x10", "1.5"])
def test_a_counter_that_holds_nonsense_in_a_run_is_an_error(
    powercap: Powercap, opened: Callable[..., RaplMeter], content: str
) -> None:
    powercap.add("intel-rapl:0", "package-0", 60_000_000_000)
    meter = opened()
    powercap.set("intel-rapl:0", content)
    with pytest.raises(OSError, match="package-0"):
        meter.read()


def test_it_follows_a_package_whose_energy_is_known(
    powercap: Powercap, opened: Callable[..., RaplMeter]
) -> None:
    world, range_j = World(), 150.0
    powercap.add("intel-rapl:0", "package-0", 0, range_uj=int(range_j * 1e6))

    def refresh() -> None:
        powercap.set("intel-rapl:0", int(world.refreshed_j(0.001) % range_j * 1e6))

    refresh()
    meter = opened(clock_s=world.clock_s)
    assert meter.poll_s is not None
    assert meter.poll_s == pytest.approx(0.15)
    assert worst_error(world, meter.read, poll_s=meter.poll_s, before=refresh) < 0.01
