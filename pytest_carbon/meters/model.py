"""The model: watts per hardware thread times CPU seconds, where no counter can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import DomainEnergy, Method
from pytest_carbon.meters.meter import overlaps

if TYPE_CHECKING:
    from pytest_carbon.measurement import Usage
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["MEMORY_W_PER_GB", "MemoryModelMeter", "ModelMeter"]

MEMORY_W_PER_GB = 0.392
"""Cloud Carbon Footprint's methodology (0.000392 kWh per gigabyte-hour), from the specifications
of memory makers; a gigabyte is 10**9 bytes."""

_MEMORY_TEXT = f"memory {MEMORY_W_PER_GB} W/GB"


def _memory_energy(usage: Usage) -> tuple[DomainEnergy, ...]:
    """Nothing where it is not known how much memory is in use."""
    if usage.memory_bytes is None:
        return ()
    idle_j = MEMORY_W_PER_GB * usage.memory_bytes / 1e9 * usage.wall_s
    return (DomainEnergy("memory", 0.0, idle_j, Method.MODELLED),)


class ModelMeter:
    """CPU and memory, modelled.

    The dynamic part is linear in the tree's CPU seconds, corrected for speed, and untouched by
    neighbours; what an idle machine draws, and its memory, is the idle part. ``threads`` counts
    the hardware threads that this process may use: a container answers for its share.
    """

    name = "model"
    method = Method.MODELLED
    domains: tuple[str, ...] = ("cpu", "memory")
    covers: tuple[str, ...] = ("cpu", "memory")
    interval_s = 0.0
    uses_host_time = False
    poll_s: float | None = None

    def __init__(self, power: CpuPower, threads: float, cpu_name: str = "CPU") -> None:
        self._power = power
        self._threads = threads
        self._has_memory = True
        self.description = (
            f"model of {cpu_name}: {power.slope_w:.2f} W per busy hardware thread, "
            f"{power.min_w:.2f} W idle on each of {threads:g}, {power.source}; {_MEMORY_TEXT}"
        )

    def leave(self, covered: tuple[str, ...]) -> None:
        """Leave memory to a meter that covers it."""
        if overlaps("memory", covered):
            self._has_memory = False
            self.domains = self.covers = ("cpu",)
            self.description = self.description.removesuffix(f"; {_MEMORY_TEXT}")

    def read(self) -> tuple[int, ...]:
        """Nothing: the model has no counters."""
        return ()

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """The modelled joules of a usage."""
        del start, end
        dynamic_j = self._power.slope_w * usage.work_s
        idle_j = self._power.min_w * self._threads * usage.wall_s * usage.host_share
        return (
            DomainEnergy("cpu", dynamic_j, idle_j, Method.MODELLED),
            *(_memory_energy(usage) if self._has_memory else ()),
        )

    def close(self) -> None:
        """Nothing to release."""


class MemoryModelMeter:
    """Memory alone, modelled: beside counters that cover the CPU but not its memory."""

    name = "model-memory"
    method = Method.MODELLED
    domains = ("memory",)
    covers = ("memory",)
    interval_s = 0.0
    uses_host_time = False
    description = f"model: {_MEMORY_TEXT}"
    poll_s: float | None = None

    def read(self) -> tuple[int, ...]:
        """Nothing: the model has no counters."""
        return ()

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """The modelled joules of a usage."""
        del start, end
        return _memory_energy(usage)

    def close(self) -> None:
        """Nothing to release."""
