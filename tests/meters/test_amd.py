"""AMD GPUs against an invented ``amdsmi``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.meters.amd import open_amd
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.meter import Unavailable
from tests.meters.truth import World, request, worst_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESOLUTION_UJ = 15.3


class AmdSmiLibraryException(Exception):  # noqa: N818 - its real name
    pass


@dataclass
class Gpu:
    """``None`` stands for what it does not tell; ``factor`` is what its accumulator is off by."""

    world: World
    uuid: str = "ffff-0001"
    tells_energy: bool = True
    tells_power: str | None = "current_socket_power"
    key: str = "energy_accumulator"
    factor: float = 1.0
    busy: int = 0
    lost: bool = False
    error: Exception | None = None
    energy_answer: Callable[[], Any] | None = None


@dataclass
class Smi:
    gpus: list[Gpu] = field(default_factory=list)
    users: int = 0
    init_error: str = ""

    AmdSmiLibraryException = AmdSmiLibraryException

    def amdsmi_init(self) -> None:
        if self.init_error:
            raise AmdSmiLibraryException(self.init_error)
        self.users += 1

    def amdsmi_shut_down(self) -> None:
        self.users -= 1

    def amdsmi_get_processor_handles(self) -> list[Gpu]:
        return self.gpus

    def amdsmi_get_gpu_device_uuid(self, gpu: Gpu) -> str:
        return gpu.uuid

    def amdsmi_get_energy_count(self, gpu: Gpu) -> Any:
        if gpu.error is not None:
            raise gpu.error
        if gpu.energy_answer is not None:
            return gpu.energy_answer()
        if gpu.lost or not gpu.tells_energy:
            raise AmdSmiLibraryException("AMDSMI_STATUS_NOT_SUPPORTED")
        uj = gpu.world.refreshed_j(0.02) * 1e6 * gpu.factor
        return {gpu.key: int(uj / RESOLUTION_UJ), "counter_resolution": RESOLUTION_UJ}

    def amdsmi_get_power_info(self, gpu: Gpu) -> dict[str, Any]:
        if gpu.lost:
            raise AmdSmiLibraryException("AMDSMI_STATUS_NO_DATA")
        info: dict[str, Any] = {"current_socket_power": "N/A", "average_socket_power": "N/A"}
        if gpu.tells_power:
            info[gpu.tells_power] = gpu.world.power_w * (gpu.factor > 0)
        return info

    def amdsmi_get_gpu_activity(self, gpu: Gpu) -> dict[str, Any]:
        return {"gfx_activity": gpu.busy}


@pytest.fixture
def world() -> World:
    return World()


def look(smi: Smi, world: World, **environ: str) -> CounterMeter | Unavailable:
    return open_amd(request(), smi, environ=environ, sleep=world.sleep, clock_ns=world.clock_ns)


def opened(smi: Smi, world: World, **environ: str) -> CounterMeter:
    found = look(smi, world, **environ)
    assert isinstance(found, CounterMeter), found
    return found


@pytest.mark.parametrize("key", ["energy_accumulator", "power"])
@pytest.mark.parametrize("power", ["current_socket_power", "average_socket_power"])
def test_it_follows_a_gpu_whose_energy_is_known(world: World, key: str, power: str) -> None:
    meter = opened(Smi([Gpu(world, key=key, tells_power=power)]), world)
    assert meter.domains == ("gpu-0",)
    assert worst_error(world, meter.read, poll_s=meter.poll_s) < 0.01


def test_an_accumulator_that_contradicts_the_power_is_replaced_by_it(world: World) -> None:
    meter = opened(Smi([Gpu(world, factor=16.0)]), world)
    assert "by power every 0.1 s (its counter disagrees)" in meter.description
    # Power is not off by the factor.
    assert worst_error(world, meter.read, poll_s=meter.poll_s) < 0.01


def test_power_alone_will_do(world: World) -> None:
    meter = opened(Smi([Gpu(world, tells_energy=False)]), world)
    assert worst_error(world, meter.read, poll_s=meter.poll_s) < 0.01


def test_the_other_die_of_a_board_shows_nothing_and_is_left_out(world: World) -> None:
    meter = opened(Smi([Gpu(world), Gpu(world, factor=0.0)]), world)
    assert meter.domains == ("gpu-0",)
    assert meter.name == "amd", "nothing is missing"
    assert "the other die" in meter.description


def test_a_lost_gpu_is_left_out_by_name(world: World) -> None:
    meter = opened(Smi([Gpu(world), Gpu(world, lost=True)]), world)
    assert (meter.domains, meter.name) == (("gpu-0",), "amd-without-gpu-1")


def test_a_gpu_that_vanishes_in_a_run_is_an_error_and_no_zero(world: World) -> None:
    gpu = Gpu(world)
    meter = opened(Smi([gpu]), world)
    gpu.lost = True
    with pytest.raises(OSError, match="AMD SMI"):
        meter.read()


def test_a_driver_that_was_reset_is_an_error(world: World) -> None:
    gpu = Gpu(world)
    meter = opened(Smi([gpu]), world)
    gpu.factor = 0.5
    with pytest.raises(OSError, match="it went back"):
        meter.read()


@pytest.mark.parametrize(
    ("environ", "domains"),
    [
        ({"ROCR_VISIBLE_DEVICES": "1"}, ("gpu-1",)),
        ({"HIP_VISIBLE_DEVICES": "0,2"}, ("gpu-0", "gpu-2")),
        ({"ROCR_VISIBLE_DEVICES": "1,2", "HIP_VISIBLE_DEVICES": "1"}, ("gpu-2",)),
        ({"ROCR_VISIBLE_DEVICES": "GPU-0003"}, ("gpu-2",)),
    ],
)
def test_only_visible_gpus_are_read(
    world: World, environ: dict[str, str], domains: tuple[str, ...]
) -> None:
    gpus = [Gpu(world, uuid=f"ffff-000{number}") for number in (1, 2, 3)]
    assert opened(Smi(gpus), world, **environ).domains == domains


@pytest.mark.parametrize("setting", ["", "9", "nonsense"])
def test_no_visible_gpu_is_no_news(world: World, setting: str) -> None:
    smi = Smi([Gpu(world)])
    found = look(smi, world, ROCR_VISIBLE_DEVICES=setting)
    assert isinstance(found, Unavailable)
    assert found.silent
    assert smi.users == 0


def test_a_driver_that_does_not_work_is_told(world: World) -> None:
    found = look(Smi(init_error="AMDSMI_STATUS_DRIVER_NOT_LOADED"), world)
    assert isinstance(found, Unavailable)
    assert "DRIVER_NOT_LOADED" in found.reason


def test_a_package_that_is_not_installed_is_told_with_the_command_where_it_was_named() -> None:
    found = open_amd(request(is_named=True))
    assert isinstance(found, Unavailable)
    assert "pytest-carbon[amd]" in found.remedy


@pytest.mark.parametrize("tells_energy", [True, False])
def test_it_keeps_every_promise_of_a_meter(world: World, tells_energy: bool) -> None:
    smi = Smi([Gpu(world, tells_energy=tells_energy)])
    check_meter(opened(smi, world), lambda: world.sleep(0.5))
    assert smi.users == 0


def test_a_right_that_is_lost_in_a_run_is_an_error_and_no_zero(world: World) -> None:
    gpu = Gpu(world)
    meter = opened(Smi([gpu]), world)
    gpu.error = AmdSmiLibraryException("AMDSMI_STATUS_NO_PERM")
    with pytest.raises(PermissionError, match="AMDSMI_STATUS_NO_PERM"):
        meter.read()


@pytest.mark.parametrize(
    "error", [ValueError("AmdSmiParameterException"), KeyError("power"), AttributeError("gone")]
)
def test_another_versions_exceptions_are_errors_of_the_system(
    world: World, error: Exception
) -> None:
    gpu = Gpu(world)
    meter = opened(Smi([gpu]), world)
    gpu.error = error
    with pytest.raises(OSError, match="AMD SMI"):
        meter.read()


@pytest.mark.parametrize("module", [object(), None.__class__])
def test_another_package_of_that_name_is_told(module: Any, world: World) -> None:
    found = look(module, world)
    assert isinstance(found, Unavailable)
    assert "AMD SMI does not work" in found.reason


@pytest.mark.parametrize("answer", [None, "N/A", [], {"energy_accumulator": "N/A"}, {}])
def test_a_gpu_that_answers_with_no_figure_is_read_by_its_power(world: World, answer: Any) -> None:
    gpu = Gpu(world, energy_answer=lambda: answer)
    meter = opened(Smi([gpu]), world)
    assert "gpu-0 by power every 0.1 s;" in meter.description, "it has no counter to disagree"
    assert worst_error(world, meter.read, poll_s=meter.poll_s) < 0.01


def test_a_gpu_that_is_lost_while_it_is_looked_at_takes_no_other_along(world: World) -> None:
    gpus = [Gpu(world), Gpu(world)]

    def sleep(seconds: float) -> None:
        world.sleep(seconds)
        gpus[1].lost = True

    meter = open_amd(request(), Smi(gpus), environ={}, sleep=sleep, clock_ns=world.clock_ns)
    assert isinstance(meter, CounterMeter)
    assert (meter.domains, meter.name) == (("gpu-0",), "amd-without-gpu-1")


def test_a_gpu_that_shows_no_watts_is_not_taken_for_one_that_draws_none() -> None:
    dark = World(mean_w=0, swing_w=0)
    found = look(Smi([Gpu(dark, tells_energy=False)]), dark)
    assert isinstance(found, Unavailable)
    assert "it shows no power" in found.reason


def test_a_package_that_fails_at_its_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "amdsmi.py").write_text("raise SystemExit('libamd_smi.so is missing')\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = open_amd(request(is_named=True))
    assert isinstance(found, Unavailable)
    assert "the module amdsmi does not work" in found.reason
