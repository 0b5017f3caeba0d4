"""Sensors in a folder as Linux's hwmon makes it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.measurement import Usage
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.hwmon import open_hwmon
from pytest_carbon.meters.meter import Unavailable
from tests.meters.truth import World, all_move, request, worst_error

if TYPE_CHECKING:
    from pathlib import Path


def add_chip(root: Path, number: int, name: str, **files: object) -> Path:
    chip = root / f"hwmon{number}"
    chip.mkdir(exist_ok=True)
    (chip / "name").write_text(f"{name}\n")
    put(chip, **files)
    return chip


def put(chip: Path, **files: object) -> None:
    for file, value in files.items():
        (chip / file).write_text(f"{value}\n")


def look(
    root: Path, world: World | None = None, *, moving: Any = all_move, **asked: Any
) -> CounterMeter | Unavailable:
    world = world or World()
    return open_hwmon(request(**asked), root=root, clock_ns=world.clock_ns, moving=moving)


def opened(root: Path, world: World | None = None, **asked: Any) -> CounterMeter:
    found = look(root, world, **asked)
    assert isinstance(found, CounterMeter), found
    return found


@pytest.mark.parametrize("driver", ["i915", "xe"])
def test_it_follows_an_intel_gpu_whose_energy_is_known(tmp_path: Path, driver: str) -> None:
    world = World()
    chip = add_chip(tmp_path, 3, driver, energy1_input=int(world.energy_j() * 1e6))
    meter = opened(tmp_path, world)
    assert (meter.domains, meter.covers, meter.poll_s) == (("gpu-0",), ("gpu:intel",), 0.25)

    def refresh() -> None:
        put(chip, energy1_input=int(world.refreshed_j(0.001) * 1e6))

    assert worst_error(world, meter.read, before=refresh) < 0.01


@pytest.mark.parametrize("file", ["power1_average", "power1_input"])
def test_it_follows_an_amd_gpu_by_its_power(tmp_path: Path, file: str) -> None:
    world = World()

    def refresh() -> None:
        put(chip, **{file: int(world.power_w * 1e6)})

    chip = add_chip(tmp_path, 0, "amdgpu", power1_cap=300_000_000)
    refresh()
    meter = opened(tmp_path, world)
    assert (meter.covers, meter.poll_s) == (("gpu:amd",), 0.1)
    assert worst_error(world, meter.read, poll_s=meter.poll_s, before=refresh) < 0.01


def test_the_gpu_in_a_processor_is_in_its_packages_figure(tmp_path: Path) -> None:
    add_chip(tmp_path, 0, "amdgpu", power1_average=9_000_000)
    assert isinstance(look(tmp_path), Unavailable)


def test_the_rails_of_a_jetson_are_read_and_the_whole_board_is_not(tmp_path: Path) -> None:
    world = World(mean_w=6.0, swing_w=2.0)

    def refresh() -> None:
        put(chip, curr2_input=int(world.power_w / 5.0 * 1e3))

    chip = add_chip(
        tmp_path,
        1,
        "ina3221",
        in1_label="VDD_IN",
        in1_input=5000,
        curr1_input=3000,
        in2_label="VDD_CPU_CV",
        in2_input=5000,
        in3_label="VDD_GPU_SOC",
        in3_input=5000,
        curr3_input=400,
    )
    refresh()
    meter = opened(tmp_path, world)
    assert meter.domains == ("vdd-cpu-cv", "vdd-gpu-soc")
    assert meter.covers == ("cpu", "gpu:nvidia")
    assert worst_error(world, meter.read, poll_s=meter.poll_s, before=refresh) < 0.01


def test_sockets_of_amd_energy_are_packages(tmp_path: Path) -> None:
    add_chip(
        tmp_path,
        0,
        "amd_energy",
        energy1_label="Ecore000",
        energy1_input=5,
        energy2_label="Esocket0",
        energy2_input=7,
    )
    assert opened(tmp_path).domains == ("package-0",)


def test_what_another_meter_covers_is_left_to_it(tmp_path: Path) -> None:
    add_chip(tmp_path, 0, "i915", energy1_input=5)
    add_chip(tmp_path, 1, "amdgpu", power1_cap=1, power1_average=1)
    assert opened(tmp_path, covered=("cpu", "gpu:amd")).domains == ("gpu-0",)
    assert isinstance(look(tmp_path, covered=("gpu",)), Unavailable)


def test_a_counter_of_unknown_meaning_is_read_only_where_the_meter_is_named(
    tmp_path: Path,
) -> None:
    add_chip(tmp_path, 4, "ltc4282", energy1_input=5, energy1_label="12V Rail")
    found = look(tmp_path)
    assert isinstance(found, Unavailable)
    assert found.silent
    assert opened(tmp_path, is_named=True).domains == ("12v-rail-0",)


def test_a_sensor_that_may_not_be_read_is_left_out_by_name(tmp_path: Path) -> None:
    add_chip(tmp_path, 0, "i915", energy1_input=5)
    add_chip(tmp_path, 1, "xe", energy1_input="")
    meter = opened(tmp_path)
    assert (meter.domains, meter.name) == (("gpu-0",), "hwmon-without-gpu-1")
    assert "gpu-1 left out" in meter.description


def test_where_none_can_be_read_the_files_are_named(tmp_path: Path) -> None:
    chip = add_chip(tmp_path, 0, "i915", energy1_input="")
    found = look(tmp_path)
    assert isinstance(found, Unavailable)
    assert not found.silent
    assert str(chip / "energy1_input") in found.reason


def test_a_sensor_that_vanishes_in_a_run_is_an_error_and_no_zero(tmp_path: Path) -> None:
    chip = add_chip(tmp_path, 0, "i915", energy1_input=5)
    meter = opened(tmp_path)
    (chip / "energy1_input").unlink()
    with pytest.raises(OSError, match="energy1_input"):
        meter.read()


def test_a_driver_that_was_reloaded_is_an_error(tmp_path: Path) -> None:
    chip = add_chip(tmp_path, 0, "i915", energy1_input=500)
    meter = opened(tmp_path)
    put(chip, energy1_input=5)
    with pytest.raises(OSError, match="it went back"):
        meter.read()


def test_a_machine_without_sensors_is_no_news(tmp_path: Path) -> None:
    found = look(tmp_path / "nowhere")
    assert isinstance(found, Unavailable)
    assert found.silent


def test_it_keeps_every_promise_of_a_meter(tmp_path: Path) -> None:
    chip = add_chip(tmp_path, 0, "i915", energy1_input=5)
    check_meter(opened(tmp_path), lambda: put(chip, energy1_input=90_005))


def test_a_right_that_is_lost_in_a_run_is_an_error_and_no_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_chip(tmp_path, 0, "i915", energy1_input=5)
    meter = opened(tmp_path)

    # For root, who may read everything, the right cannot be taken away.
    def forbid(path: Path, **_: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_text", forbid)
    with pytest.raises(PermissionError, match="energy1_input"):
        meter.read()


def test_a_counter_that_stands_still_is_left_out_by_name(tmp_path: Path) -> None:
    add_chip(tmp_path, 0, "i915", energy1_input=5)
    add_chip(tmp_path, 1, "xe", energy1_input=7)
    meter = opened(tmp_path, moving=lambda read: (read()[0] != 7,))
    assert (meter.domains, meter.name) == (("gpu-0",), "hwmon-without-gpu-1")
    assert f"gpu-1 left out: {tmp_path}/hwmon1/energy1_input: it stands still" in meter.description


def test_a_gpu_whose_counter_stops_in_a_run_is_unknown_and_not_at_rest(tmp_path: Path) -> None:
    add_chip(tmp_path, 0, "xe", energy1_input=5)
    meter = opened(tmp_path)
    with pytest.raises(OSError, match="gpu-0 stood still for 10 s"):
        meter.energy(Usage(cpu_s=0.0, wall_s=10.0, work_s=0.0), (7,), (7,))


def test_rails_of_one_name_on_two_chips_stay_apart(tmp_path: Path) -> None:
    for number in (0, 1):
        add_chip(tmp_path, number, "ina3221", in1_label="VDD_CPU", in1_input=5000, curr1_input=1000)
    assert opened(tmp_path).domains == ("vdd-cpu", "vdd-cpu-hwmon1")


def test_a_file_without_a_number_has_no_right_to_be_given(tmp_path: Path) -> None:
    add_chip(tmp_path, 0, "i915", energy1_input="garbage")
    found = look(tmp_path)
    assert isinstance(found, Unavailable)
    assert "chmod" not in found.remedy
