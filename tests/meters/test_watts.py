from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.meters.cpu_model import CpuModel
from pytest_carbon.meters.watts import DEFAULT_POWER, WATTS_PER_THREAD, cpu_power


def architecture(cpu: CpuModel) -> str:
    return cpu_power(cpu).source.partition(" (")[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AMD EPYC 7571", "EPYC 1st Gen"),
        ("AMD EPYC 7551P 32-Core Processor", "EPYC 1st Gen"),
        ("AMD EPYC 7B12", "EPYC 2nd Gen"),
        ("AMD EPYC 7452 32-Core Processor", "EPYC 2nd Gen"),
        ("AMD EPYC-Rome Processor", "EPYC 2nd Gen"),
        ("AMD EPYC 7763 64-Core Processor", "EPYC 3rd Gen"),
        ("AMD EPYC 7R13 Processor", "EPYC 3rd Gen"),
        ("AMD EPYC 7B13", "EPYC 3rd Gen"),
        ("AMD EPYC-Milan Processor", "EPYC 3rd Gen"),
        ("AMD EPYC 9R14 96-Core Processor", "EPYC 4th Gen"),
        ("AMD EPYC 9V74 80-Core Processor", "EPYC 4th Gen"),
        ("AMD EPYC 9654 96-Core Processor", "EPYC 4th Gen"),
        ("AMD EPYC 8324P 32-Core Processor", "EPYC 4th Gen"),
        ("AMD EPYC-Genoa Processor", "EPYC 4th Gen"),
        ("Intel(R) Xeon(R) CPU E5-2650 v2 @ 2.60GHz", "Ivy Bridge"),
        ("Intel(R) Xeon(R) CPU E5-2673 v3 @ 2.40GHz", "Haswell"),
        ("Intel(R) Xeon(R) CPU E5-2673 v4 @ 2.30GHz", "Broadwell"),
        ("Intel(R) Xeon(R) CPU E7-8880 v4 @ 2.20GHz", "Broadwell"),
        ("Intel(R) Xeon(R) Platinum 8171M CPU @ 2.60GHz", "Skylake"),
        ("Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz", "Skylake"),
        ("Intel Xeon Processor (Skylake, IBRS)", "Skylake"),
        ("Intel(R) Xeon(R) Platinum 8272CL CPU @ 2.60GHz", "Cascade Lake"),
        ("Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz", "Cascade Lake"),
        ("Intel Xeon Processor (Cascadelake)", "Cascade Lake"),
        ("Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz", "Ice Lake"),
        ("Intel Xeon Processor (Icelake)", "Ice Lake"),
        ("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "Sapphire Rapids"),
        ("Intel(R) Xeon(R) Platinum 8488C", "Sapphire Rapids"),
        ("INTEL(R) XEON(R) PLATINUM 8581C CPU @ 2.10GHz", "Emerald Rapids"),
        ("Intel(R) Xeon(R) Platinum 8573C", "Emerald Rapids"),
        ("Intel(R) Xeon(R) 6973P-C", "Granite Rapids"),
        ("Neoverse-N1", "Graviton"),
        ("AWS Graviton3", "Graviton"),
    ],
)
def test_names_tell_the_architecture(name: str, expected: str) -> None:
    power = cpu_power(CpuModel(name))
    assert power.source.startswith(f"{expected} (")
    assert (power.min_w, power.max_w) == WATTS_PER_THREAD[expected]
    assert power.matched


@pytest.mark.parametrize(
    ("family", "model", "stepping", "expected"),
    [
        (6, 63, 0, "Haswell"),
        (6, 79, 0, "Broadwell"),
        (6, 85, 3, "Skylake"),
        (6, 85, 7, "Cascade Lake"),
        (6, 106, 6, "Ice Lake"),
        (6, 108, 1, "Ice Lake"),
        (6, 143, 8, "Sapphire Rapids"),
        (6, 207, 2, "Emerald Rapids"),
        (6, 173, 1, "Granite Rapids"),
    ],
)
def test_cpuid_tells_what_a_generic_intel_name_does_not(
    family: int, model: int, stepping: int, expected: str
) -> None:
    cpu = CpuModel("Intel(R) Xeon(R) Processor", family, model, stepping)
    assert architecture(cpu) == expected


@pytest.mark.parametrize(
    ("family", "model", "expected"),
    [
        (23, 0x01, "EPYC 1st Gen"),
        (23, 0x31, "EPYC 2nd Gen"),
        (25, 0x01, "EPYC 3rd Gen"),
        (25, 0x11, "EPYC 4th Gen"),
        (25, 0xA0, "EPYC 4th Gen"),
    ],
)
def test_cpuid_tells_what_a_generic_amd_name_does_not(
    family: int, model: int, expected: str
) -> None:
    assert architecture(CpuModel("AMD EPYC Processor", family, model, 1)) == expected


@pytest.mark.parametrize(
    ("cpu", "nearest", "real"),
    [
        (CpuModel("AMD EPYC 9755 128-Core Processor"), "EPYC 4th Gen", "EPYC 5th Gen"),
        (CpuModel("AMD EPYC Processor", 26, 2, 1), "EPYC 4th Gen", "EPYC 5th Gen"),
        (CpuModel("Neoverse-V2"), "Graviton", "Neoverse"),
        (CpuModel("Intel(R) Xeon(R) Platinum 8380H CPU"), "Cascade Lake", "Cooper Lake"),
        (CpuModel("Intel(R) Xeon(R) Processor", 6, 85, 11), "Cascade Lake", "Cooper Lake"),
    ],
)
def test_the_nearest_architecture_serves_and_says_so(
    cpu: CpuModel, nearest: str, real: str
) -> None:
    power = cpu_power(cpu)
    assert power.source.startswith(f"{nearest}, nearest to {real}")
    assert (power.min_w, power.max_w) == WATTS_PER_THREAD[nearest]
    assert not power.matched


@pytest.mark.parametrize(
    "cpu",
    [
        CpuModel("Apple M2 Pro"),
        CpuModel("AMD Ryzen 9 5950X 16-Core Processor", 25, 33, 2),
        CpuModel("12th Gen Intel(R) Core(TM) i7-1260P", 6, 154, 3),
        CpuModel("Intel(R) Xeon(R) 6780E"),
        CpuModel("Intel(R) Xeon(R) Processor", 6, 999, 1),
        CpuModel(""),
    ],
)
def test_an_unknown_cpu_gets_the_default_and_says_so(cpu: CpuModel) -> None:
    power = cpu_power(cpu)
    assert power == DEFAULT_POWER
    assert power.slope_w == pytest.approx(2.76)
    assert not power.matched


def test_an_epyc_7763_agrees_with_other_tables() -> None:
    """Eco-CI's table gives 1.6 W a busy thread."""
    slope_w = cpu_power(CpuModel("AMD EPYC 7763 64-Core Processor")).slope_w
    assert slope_w == pytest.approx(1.6, rel=0.07)


numbers = st.none() | st.integers(0, 300)


@given(st.text(), numbers, numbers, numbers)
def test_any_name_has_sensible_watts(
    name: str, family: int | None, model: int | None, stepping: int | None
) -> None:
    power = cpu_power(CpuModel(name, family, model, stepping))
    assert 0 < power.min_w < power.max_w < 10


@pytest.mark.parametrize(
    ("name", "slope_w", "of"),
    [
        ("Apple M1", 4.03, "Mac mini, M1"),
        ("Cortex-A72 (Raspberry Pi 4 Model B Rev 1.4)", 1.08, "Raspberry Pi 4"),
        ("AMD Ryzen 5 5600X 6-Core Processor", 5.59, "Ryzen 5 5600X"),
        ("AMD Ryzen 9 9900X 12-Core Processor", 7.17, "Ryzen 9 9900X"),
        ("11th Gen Intel(R) Core(TM) i5-11600K @ 3.90GHz", 12.18, "Core i5-11600K"),
        ("12th Gen Intel(R) Core(TM) i9-12900K", 7.01, "Core i5-12600K"),
    ],
)
def test_families_that_somebody_has_measured_have_their_figures(
    name: str, slope_w: float, of: str
) -> None:
    power = cpu_power(CpuModel(name))
    assert power.slope_w == pytest.approx(slope_w, abs=0.01)
    assert f"measured on {of}" in power.source
    assert "20" in power.source, "with its year"


@pytest.mark.parametrize(
    "name",
    [
        "Apple M1 Max",
        "Cortex-A72",
        "AMD Ryzen 7 5800U with Radeon Graphics",
        "12th Gen Intel(R) Core(TM) i7-1260P",
        "AMD Ryzen 7 3700X 8-Core Processor",
    ],
)
def test_others_of_a_brand_are_not_taken_for_them(name: str) -> None:
    assert not cpu_power(CpuModel(name)).matched
