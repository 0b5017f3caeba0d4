from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.meters.choose import METERS, Choice, choose_meters
from pytest_carbon.meters.cpu_model import CpuModel
from pytest_carbon.meters.meter import Meter, Unavailable
from pytest_carbon.meters.model import MemoryModelMeter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Powercap = Any  # tests/meters/conftest.py

NO_GPU = Unavailable(meter="nvml", reason="no NVIDIA driver", silent=True)
EPYC = CpuModel("AMD EPYC 7763 64-Core Processor")


class FakeGpu(MemoryModelMeter):
    name = "nvml"


@pytest.fixture
def choose(powercap: Powercap) -> Callable[..., Choice]:
    def call(names: Sequence[str] | None = None, gpu: Meter | Unavailable = NO_GPU) -> Choice:
        choice = choose_meters(
            names, powercap_root=powercap.root, cpu=EPYC, threads=4, gpu=lambda _: gpu
        )
        for meter in choice.meters:
            meter.close()
        return choice

    return call


def test_the_model_stands_in_where_there_is_no_counter(choose: Callable[..., Choice]) -> None:
    choice = choose()
    assert choice.name == "model"
    assert [missing.meter for missing in choice.unavailable] == ["rapl", "nvml"]
    assert "EPYC 3rd Gen" in choice.meters[0].description
    assert "each of 4" in choice.meters[0].description


def test_counters_are_preferred(powercap: Powercap, choose: Callable[..., Choice]) -> None:
    powercap.add_server()
    choice = choose(gpu=FakeGpu())
    assert choice.name == "rapl+nvml"
    assert choice.unavailable == ()


def test_memory_is_modelled_where_no_counter_covers_it(
    powercap: Powercap, choose: Callable[..., Choice]
) -> None:
    powercap.add("intel-rapl:0", "package-0", 1)
    assert choose().name == "rapl+model-memory"


def test_named_meters_are_taken_alone(powercap: Powercap, choose: Callable[..., Choice]) -> None:
    powercap.add_server()
    assert choose(["model"]).name == "model"
    assert choose(["rapl"]).name == "rapl"
    assert choose(["nvml"], gpu=FakeGpu()).name == "nvml"
    assert choose(["model", "nvml"], gpu=FakeGpu()).name == "model+nvml"


def test_a_named_meter_that_does_not_work_is_an_error(choose: Callable[..., Choice]) -> None:
    with pytest.raises(SettingError, match="no RAPL package zone") as caught:
        choose(["rapl"])
    assert "modprobe" in caught.value.remedy
    with pytest.raises(SettingError, match="no NVIDIA driver"):
        choose(["model", "nvml"])


@pytest.mark.parametrize("names", [["solar"], [], ["model", "RAPL"]])
def test_a_name_that_is_none_of_them_is_an_error(
    choose: Callable[..., Choice], names: list[str]
) -> None:
    with pytest.raises(SettingError) as caught:
        choose(names)
    assert all(name in caught.value.remedy for name in METERS)


def test_two_meters_of_the_cpu_are_an_error(choose: Callable[..., Choice]) -> None:
    with pytest.raises(SettingError, match="both cover the CPU"):
        choose(["rapl", "model"])


def test_this_machine_has_meters() -> None:
    choice = choose_meters()
    assert choice.meters
    for meter in choice.meters:
        meter.close()
