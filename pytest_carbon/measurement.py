"""The domain's records: what was measured, of what, and by which method.

A *reading* is taken at one instant, a *usage* is the difference of two readings, and a
*measurement* is a usage turned into joules.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["DomainEnergy", "Kind", "Measurement", "Method", "Phase", "Reading", "Subject", "Usage"]


class Kind(str, Enum):
    """What a measurement is of; ``FILE`` stands for all tests of a file too short for the meter."""

    TEST = "test"
    FIXTURE = "fixture"
    TASK = "task"
    FILE = "file"
    COLLECTION = "collection"
    RUNNER = "runner"
    COMMAND = "command"


class Phase(str, Enum):
    """A part of a test's life; other subjects have only ``CALL`` or ``SETUP`` and ``TEARDOWN``."""

    SETUP = "setup"
    CALL = "call"
    TEARDOWN = "teardown"


class Method(str, Enum):
    """How an energy figure came about; figures of different methods are never compared."""

    MEASURED = "measured"
    MODELLED = "modelled"


class Subject(NamedTuple):
    """What a measurement is of: its kind, and its name within that kind (a test's node id)."""

    kind: Kind
    id: str


class Reading(NamedTuple):
    """Cumulative values at one instant.

    ``kernels`` is the work that the CPU time was worth, in runs of the speed probe's kernel, 0.0
    without a probe. ``host_ns`` (the CPU time of the whole host) and ``counters`` (of all meters,
    in order) stay empty where only modelled meters are in use, which need neither.
    """

    wall_ns: int
    cpu_ns: int
    kernels: float = 0.0
    host_ns: int = 0
    counters: tuple[int, ...] = ()


class Usage(NamedTuple):
    """What the process tree and the host did between two readings.

    ``cpu_s`` is the process tree's CPU time, ``work_s`` the same corrected for the core's
    speed (equal to ``cpu_s`` where the speed is unknown), ``host_busy_s`` the CPU time of all
    processes on the host (``None`` where it cannot be read), ``memory_bytes`` the resident
    memory, ``host_share`` the part of the host's idle cost that this process answers for
    (one over the number of xdist workers).
    """

    cpu_s: float
    wall_s: float
    work_s: float
    host_busy_s: float | None = None
    memory_bytes: int = 0
    host_share: float = 1.0


class DomainEnergy(NamedTuple):
    """One domain's joules: the part that the work caused, and the part that flows anyway."""

    domain: str
    dynamic_j: float
    idle_j: float
    method: Method

    def plus(self, other: DomainEnergy) -> DomainEnergy:
        """The same domain over both times."""
        return DomainEnergy(
            self.domain, self.dynamic_j + other.dynamic_j, self.idle_j + other.idle_j, self.method
        )


class Measurement(NamedTuple):
    """The cost of a subject, or of one of its phases.

    ``work_s`` is ``cpu_s`` corrected for the core's speed, and ``speed`` how fast the core ran,
    as a ratio to the environment's reference (1.0: as fast; 0.5: half as fast), ``None`` where
    no probe saw it. ``instructions`` counts those retired in user mode, ``None`` where no counter
    can be read: evidence, never energy. ``missing`` names the meters that failed meanwhile.
    """

    cpu_s: float
    wall_s: float
    work_s: float
    energies: tuple[DomainEnergy, ...]
    speed: float | None = None
    instructions: int | None = None
    missing: tuple[str, ...] = ()

    @property
    def energy_j(self) -> float | None:
        """The joules that the work caused: what is gated and turned into grams.

        ``None`` where a meter failed: a part of the sum is not the sum.
        """
        if self.missing:
            return None
        return sum(energy.dynamic_j for energy in self.energies)

    @property
    def raw_j(self) -> float | None:
        """``energy_j`` without the correction for the core's speed, which only models need."""
        if self.missing:
            return None
        factor = self.cpu_s / self.work_s if self.work_s > 0 else 1.0
        return sum(
            energy.dynamic_j * (factor if energy.method is Method.MODELLED else 1.0)
            for energy in self.energies
        )

    @property
    def idle_j(self) -> float | None:
        """The joules that would have flowed anyway during ``wall_s``: reported, never gated."""
        if self.missing:
            return None
        return sum(energy.idle_j for energy in self.energies)

    def plus(self, other: Measurement) -> Measurement:
        """Both costs together; the speed is weighted by CPU time."""
        sums: dict[str, DomainEnergy] = {energy.domain: energy for energy in self.energies}
        for energy in other.energies:
            mine = sums.get(energy.domain)
            sums[energy.domain] = energy if mine is None else mine.plus(energy)
        return Measurement(
            cpu_s=self.cpu_s + other.cpu_s,
            wall_s=self.wall_s + other.wall_s,
            work_s=self.work_s + other.work_s,
            energies=tuple(sums.values()),
            speed=_mean_speed(self, other),
            instructions=None
            if self.instructions is None or other.instructions is None
            else self.instructions + other.instructions,
            missing=self.missing + tuple(m for m in other.missing if m not in self.missing),
        )


def _mean_speed(one: Measurement, other: Measurement) -> float | None:
    if one.speed is None or other.speed is None:
        return one.speed if other.speed is None else other.speed
    cpu_s = one.cpu_s + other.cpu_s
    if cpu_s <= 0:
        return one.speed
    return (one.speed * one.cpu_s + other.speed * other.cpu_s) / cpu_s
