"""What every meter is: the interface, what opens one, and why one is not available."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.measurement import DomainEnergy, Method, Usage
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["MACHINE", "PART", "PARTS", "Meter", "Request", "Unavailable", "overlaps"]

MACHINE = "machine"
"""The part that holds all others."""

PARTS = "cpu, memory, gpu, gpu:maker, machine"
PART = re.compile(r"cpu|memory|gpu(:[a-z0-9-]+)?|machine")
"""What a meter may cover: the parts of a machine."""


class Meter(Protocol):
    """A source of energy figures for some domains of the machine."""

    @property
    def name(self) -> str:
        """A short name for baselines and reports, lower case: ``rapl``, ``nvml``, ``model``.

        Part of the environment, so that it changes where the figures mean something else.
        """

    @property
    def method(self) -> Method:
        """Whether the figures are measured by hardware or modelled."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains covered, in the order of ``energy``'s result: ``("package-0", "dram-0")``."""

    @property
    def covers(self) -> tuple[str, ...]:
        """The parts of the machine that are in the figures: ``cpu``, ``memory``, ``gpu``.

        ``machine`` stands for all of them, ``gpu:nvidia`` for the GPUs of one maker. Two meters
        that cover the same part are never used together.
        """

    @property
    def description(self) -> str:
        """One phrase for the header of a run: what is read, from where, with which constants."""

    @property
    def interval_s(self) -> float:
        """How often the hardware refreshes its figures, in seconds; 0.0 for a model."""

    @property
    def poll_s(self) -> float | None:
        """How often ``read`` must be called at least, in seconds; ``None``: only at the edges."""

    @property
    def uses_host_time(self) -> bool:
        """Whether ``energy`` needs ``usage.host_busy_s``, which costs some microseconds an edge."""

    def read(self) -> tuple[int, ...]:
        """Cumulative counters at this instant; never decreasing, wraps already undone.

        Called from the sampler's thread as well as from the test's, never from two at once. Raises
        ``OSError`` when a counter that was there is gone: a failed read is not a zero.
        """

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """The process tree's joules between two results of ``read``, one item a domain.

        Raises ``OSError`` where the counters cannot be believed, so that the figure is unknown.
        """

    def close(self) -> None:
        """Release files and handles; may be called twice."""


class Request(NamedTuple):
    """What a meter is opened with.

    ``is_named``: the user asked for this meter, else it is tried as one of many. ``threads``
    counts the host's hardware threads, ``own_threads`` those that this container may use.
    ``covered`` are the parts of the machine that other meters cover already.
    ``sample_interval_s`` is how often power is to be read where there is no counter.
    """

    power: CpuPower
    threads: int
    own_threads: float
    cpu_name: str = "CPU"
    sample_interval_s: float = 0.1
    powercap: Path | None = None
    is_named: bool = False
    covered: tuple[str, ...] = ()


class Unavailable(NamedTuple):
    """Why a meter cannot be used here, and what would change that.

    ``silent`` marks hardware that is simply not there, which is worth no line in a report.
    """

    meter: str
    reason: str
    remedy: str = ""
    silent: bool = False


def overlaps(part: str, covered: tuple[str, ...]) -> bool:
    """Whether a part is among others: ``gpu`` holds ``gpu:amd``, ``machine`` holds all."""
    return any(
        MACHINE in {part, other}
        or part == other
        or part.startswith(f"{other}:")
        or other.startswith(f"{part}:")
        for other in covered
    )
