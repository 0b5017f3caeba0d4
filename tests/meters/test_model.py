from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.model import MemoryModelMeter, ModelMeter

if TYPE_CHECKING:
    from pytest_carbon.meters.watts import CpuPower

USAGE = Usage(cpu_s=3.0, wall_s=2.0, work_s=1.5, memory_bytes=500_000_000, host_share=0.5)
MEMORY = DomainEnergy("memory", 0.0, 0.392, Method.MODELLED)  # of 0.5 GB for 2 s


def test_work_is_gated_and_what_flows_anyway_stands_apart(power: CpuPower) -> None:
    """4 W a busy thread for 1.5 s of work; 1 W on 4 threads for 2 s, shared by two workers."""
    energies = ModelMeter(power, threads=4).energy(USAGE, (), ())
    assert energies == (DomainEnergy("cpu", 6.0, 4.0, Method.MODELLED), MEMORY)


def test_a_busy_neighbour_changes_nothing(power: CpuPower) -> None:
    meter = ModelMeter(power, threads=4)
    assert meter.energy(USAGE._replace(host_busy_s=99.0), (), ()) == meter.energy(USAGE, (), ())


def test_memory_alone_can_stand_beside_counters() -> None:
    assert MemoryModelMeter().energy(USAGE, (), ()) == (MEMORY,)


def test_the_description_tells_the_cpu_its_watts_and_their_source(power: CpuPower) -> None:
    text = ModelMeter(power, threads=4, cpu_name="EPYC 7763").description
    assert all(part in text for part in ("EPYC 7763", "4.00 W", "1.00 W", "each of 4", "invented"))
