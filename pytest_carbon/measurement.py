"""The domain's records: what was measured, of what, and by which method.

A *reading* is taken at one instant, a *usage* is the difference of two readings, and a
*measurement* is a usage turned into joules.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "DomainEnergy",
    "Kind",
    "Measurement",
    "Method",
    "Phase",
    "Reading",
    "Subject",
    "Usage",
    "file_of",
    "sum_of",
]


class Kind(str, Enum):
    """What a measurement is of.

    ``FILE`` stands for all tests of a file too short for the meter, ``LOOKS`` for what this plugin
    itself causes beside the run: it is in no total.
    """

    TEST = "test"
    FIXTURE = "fixture"
    TASK = "task"
    FILE = "file"
    COLLECTION = "collection"
    RUNNER = "runner"
    COMMAND = "command"
    LOOKS = "looks"


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


def file_of(node_id: str) -> str:
    """The file that a test stands in, by the test's node id."""
    return node_id.partition("::")[0]


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
    memory (``None`` where that is unknown), ``host_share`` the part of the host's idle cost that
    this process answers for (one over the number of xdist workers), ``run_share`` its part of the
    CPU time that the run's workers spend on this host.
    """

    cpu_s: float
    wall_s: float
    work_s: float
    host_busy_s: float | None = None
    memory_bytes: int | None = 0
    host_share: float = 1.0
    run_share: float = 1.0


class DomainEnergy(NamedTuple):
    """One domain's joules: the part that the work caused, and the part that flows anyway."""

    domain: str
    dynamic_j: float
    idle_j: float
    method: Method


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
        energy_j = 0.0
        # Asked for several times a test, where a generator takes as long again.
        for energy in self.energies:
            energy_j += energy.dynamic_j
        return energy_j

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
        """Both costs together."""
        total = sum_of((self, other))
        assert total is not None, "there are two"
        return total


def sum_of(measurements: Iterable[Measurement]) -> Measurement | None:
    """All costs together, ``None`` for none at all; the speed is weighted by CPU time."""
    items = list(measurements)
    if len(items) < 2:
        return items[0] if items else None
    cpu_s = wall_s = work_s = 0.0
    # Of all the tests of a run: lists, as values of their own would take several times as long.
    sums: dict[str, list[float]] = {}
    methods: dict[str, Method] = {}
    missing: dict[str, None] = {}
    for item in items:
        cpu_s += item.cpu_s
        wall_s += item.wall_s
        work_s += item.work_s
        if item.missing:
            missing.update(dict.fromkeys(item.missing))
        for domain, dynamic_j, idle_j, method in item.energies:
            known = sums.get(domain)
            if known is None:
                sums[domain] = [dynamic_j, idle_j]
                methods[domain] = method
            else:
                known[0] += dynamic_j
                known[1] += idle_j
    counts = [item.instructions for item in items if item.instructions is not None]
    return Measurement(
        cpu_s=cpu_s,
        wall_s=wall_s,
        work_s=work_s,
        energies=tuple(
            DomainEnergy(domain, dynamic_j, idle_j, methods[domain])
            for domain, (dynamic_j, idle_j) in sums.items()
        ),
        speed=_mean_speed(items),
        instructions=sum(counts) if len(counts) == len(items) else None,
        missing=tuple(missing),
    )


def _mean_speed(measurements: Iterable[Measurement]) -> float | None:
    known = [(item.speed, item.cpu_s) for item in measurements if item.speed is not None]
    cpu_s = sum(weight for _, weight in known)
    if cpu_s <= 0:
        return known[0][0] if known else None
    return sum(speed * weight for speed, weight in known) / cpu_s
