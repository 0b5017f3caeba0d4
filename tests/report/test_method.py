"""The method in a few words, made of what meters say of themselves."""

from __future__ import annotations

import pytest

from pytest_carbon.intensity.accounting import Accounting
from pytest_carbon.meters.model import MemoryModelMeter, ModelMeter
from pytest_carbon.meters.watts import CpuPower
from pytest_carbon.report.method import short_intensity, short_method
from tests.results import INTENSITY, LIVE

MODELLED = "modelled, AMD EPYC 7763, 1.54 W/thread"


@pytest.mark.parametrize(
    ("meters", "words"),
    [
        (["RAPL counters package-0, dram-0; the tree's part by its share"], "RAPL counters"),
        (["NVML, whole boards: gpu-0; gpu-0 idle draw unknown"], "NVML, whole boards: gpu-0"),
    ],
)
def test_what_counters_measure_is_named(meters: list[str], words: str) -> None:
    assert short_method(meters).startswith(f"measured, {words}")
    assert ";" not in short_method(meters)


@pytest.mark.parametrize(
    "name", ["AMD EPYC 7763 64-Core Processor", "AMD EPYC(TM) 7763 CPU @ 2.45GHz"]
)
def test_the_model_is_named_with_its_watts(name: str) -> None:
    power = CpuPower(min_w=0.5, max_w=2.04, source="somebody", matched=True)
    meter = ModelMeter(power, 2, name)
    assert short_method([meter.description]) == MODELLED


def test_the_model_of_memory_alone_is_left_out_beside_counters() -> None:
    meters = ["RAPL counters package-0; the rest", MemoryModelMeter.description]
    assert short_method(meters) == "measured, RAPL counters package-0"
    assert short_method([MemoryModelMeter.description]) == MemoryModelMeter.description


def test_the_intensity_says_its_place_and_whether_it_is_live() -> None:
    assert short_intensity(Accounting(pinned=INTENSITY)) == "473 gCO2e/kWh (world)"
    assert short_intensity(Accounting(pinned=INTENSITY, live=LIVE)) == "250 gCO2e/kWh (GB, live)"
