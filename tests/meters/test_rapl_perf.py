"""RAPL through perf events, against a folder as the kernel makes it and files as events."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.rapl_perf import open_rapl_perf
from tests.meters.truth import World, all_move, request, worst_error

if TYPE_CHECKING:
    from pathlib import Path

SCALE = 2.3283064365386962890625e-10

if sys.platform == "win32":
    pytest.skip("events are Linux's", allow_module_level=True)


class Pmu:  # type: ignore[unreachable, unused-ignore]
    """The device's folder, and one file an event that holds what a read gives."""

    def __init__(self, root: Path, cpus: str = "0,18", *, dram: bool = True) -> None:
        self.device = root / "power"
        (self.device / "events").mkdir(parents=True)
        (self.device / "type").write_text("14\n")
        (self.device / "cpumask").write_text(f"{cpus}\n")
        self.event("energy-pkg", "0x02")
        self.event("energy-psys", "0x05")
        if dram:
            self.event("energy-ram", "0x03")
        self._root = root
        self.opened: list[tuple[int, int, int]] = []

    def event(
        self, name: str, config: str, *, scale: str = str(SCALE), unit: str = "Joules"
    ) -> None:
        (self.device / "events" / name).write_text(f"event={config}\n")
        (self.device / "events" / f"{name}.scale").write_text(f"{scale}\n")
        (self.device / "events" / f"{name}.unit").write_text(f"{unit}\n")

    def set_j(self, joules: float, *, config: int = 2, cpu: int = 0) -> None:
        count = int(joules / SCALE).to_bytes(8, sys.byteorder)
        (self._root / f"{config}-{cpu}").write_bytes(count)

    def open(self, kind: int, config: int, *, cpu: int) -> int:
        self.opened.append((kind, config, cpu))
        path = self._root / f"{config}-{cpu}"
        if not path.exists():
            self.set_j(0, config=config, cpu=cpu)
        return os.open(path, os.O_RDONLY)


@pytest.fixture
def pmu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pmu:
    real = os.read
    # An event gives its count at every read, a file only once.
    monkeypatch.setattr(
        "pytest_carbon.system.System.read",
        lambda file, size: (os.lseek(file, 0, os.SEEK_SET), real(file, size))[1],
    )
    return Pmu(tmp_path)


def opened(pmu: Pmu, **world: Any) -> CounterMeter:
    found = open_rapl_perf(
        request(), **{"device": pmu.device, "open_event": pmu.open, "moving": all_move, **world}
    )
    assert isinstance(found, CounterMeter), found
    return found


def refused(pmu: Pmu, **world: Any) -> Unavailable:
    found = open_rapl_perf(
        request(), **{"device": pmu.device, "open_event": pmu.open, "moving": all_move, **world}
    )
    assert isinstance(found, Unavailable), found
    return found


def test_packages_and_their_memory_are_opened_on_one_cpu_each(pmu: Pmu) -> None:
    meter = opened(pmu)
    assert meter.domains == ("package-0", "dram-0", "package-1", "dram-1")
    assert pmu.opened == [(14, 2, 0), (14, 3, 0), (14, 2, 18), (14, 3, 18)]
    assert meter.covers == ("cpu", "memory")
    meter.close()


def test_counts_are_joules_by_the_scale(pmu: Pmu) -> None:
    meter = opened(pmu)
    pmu.set_j(1.5)
    assert meter.read()[0] == pytest.approx(1_500_000, abs=1)
    meter.close()


def test_it_follows_a_package_whose_energy_is_known(pmu: Pmu) -> None:
    world = World()
    (pmu.device / "cpumask").write_text("0\n")
    pmu.set_j(world.energy_j())
    meter = opened(pmu, clock_s=world.clock_s)
    follow = worst_error(world, meter.read, before=lambda: pmu.set_j(world.refreshed_j(0.001)))
    assert follow < 0.01
    meter.close()


def test_it_keeps_every_promise_of_a_meter(pmu: Pmu) -> None:
    check_meter(opened(pmu), lambda: pmu.set_j(0.5))


def test_a_machine_without_such_events_is_no_news(tmp_path: Path, pmu: Pmu) -> None:
    assert refused(pmu, device=tmp_path / "nowhere").silent


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_events_that_may_not_be_opened_are_told_with_the_right_that_is_missing(
    pmu: Pmu, code: int
) -> None:
    def forbid(kind: int, config: int, *, cpu: int) -> int:
        raise OSError(code, os.strerror(code), (kind, config, cpu))

    found = refused(pmu, open_event=forbid)
    assert not found.silent
    assert "CAP_PERFMON" in found.remedy


def test_counters_that_stand_still_are_not_believed(pmu: Pmu) -> None:
    assert "stand still" in refused(pmu, moving=lambda read: (False,) * len(read())).reason


def test_an_event_that_is_no_longer_counted_is_an_error(pmu: Pmu, tmp_path: Path) -> None:
    meter = opened(pmu)
    (tmp_path / "2-0").write_bytes(b"")
    with pytest.raises(OSError, match="no longer counted"):
        meter.read()
    meter.close()


def test_an_event_in_another_unit_is_not_taken(pmu: Pmu) -> None:
    pmu.event("energy-pkg", "0x02", unit="Watts")
    assert refused(pmu).silent


def test_a_counter_that_starts_anew_is_an_error(pmu: Pmu) -> None:
    pmu.set_j(50)
    meter = opened(pmu)
    pmu.set_j(1)
    with pytest.raises(OSError, match="package-0: it went back"):
        meter.read()
    meter.close()


def test_an_event_that_cannot_be_opened_is_left_out_by_name(pmu: Pmu) -> None:
    def no_memory(kind: int, config: int, *, cpu: int) -> int:
        if (config, cpu) == (3, 18):
            raise OSError(errno.EINVAL, "Invalid argument")
        return pmu.open(kind, config, cpu=cpu)

    meter = opened(pmu, open_event=no_memory)
    assert meter.domains == ("package-0", "dram-0", "package-1")
    assert meter.name == "rapl-perf-without-dram-1"
    assert "dram-1 left out: Invalid argument" in meter.description
    meter.close()


def test_an_event_that_cannot_be_read_is_left_out_by_name(pmu: Pmu, tmp_path: Path) -> None:
    (tmp_path / "3-0").write_bytes(b"")
    meter = opened(pmu)
    assert meter.name == "rapl-perf-without-dram-0"
    meter.close()


def test_it_is_polled_so_that_a_counter_that_stops_is_found(pmu: Pmu) -> None:
    world = World()
    meter = opened(pmu, clock_s=world.clock_s)
    assert meter.poll_s is not None
    pmu.set_j(2)
    meter.read()
    world.sleep(meter.poll_s)
    with pytest.raises(OSError, match=r"stood still for 0\.25 s"):
        meter.read()
    meter.close()


def test_a_right_that_is_lost_in_a_run_is_an_error_and_no_zero(
    pmu: Pmu, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = opened(pmu)

    def forbid(*_: object) -> bytes:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("pytest_carbon.system.System.read", forbid)
    with pytest.raises(PermissionError):
        meter.read()
    monkeypatch.undo()
    meter.close()
