"""What every meter is: the interface, and the reasons why one is not available."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pytest_carbon.measurement import DomainEnergy, Method, Usage

__all__ = ["Meter", "Unavailable"]


class Meter(Protocol):
    """A source of energy figures for some domains of the machine."""

    @property
    def name(self) -> str:
        """A short name for settings, baselines and reports: ``rapl``, ``nvml``, ``model``."""

    @property
    def method(self) -> Method:
        """Whether the figures are measured by hardware or modelled."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains covered, in the order of ``energy``'s result: ``("package-0", "dram-0")``."""

    @property
    def description(self) -> str:
        """One phrase for the header of a run: what is read, from where, with which constants."""

    @property
    def poll_s(self) -> float | None:
        """How often ``read`` must be called at least, in seconds; ``None``: only at the edges."""

    def read(self) -> tuple[int, ...]:
        """Cumulative counters at this instant; never decreasing, wraps already undone.

        May be called from the sampler's thread as well as from the test's. Raises ``OSError``
        when a counter that was there is gone: a failed read is not a zero.
        """

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """The process tree's joules between two results of ``read``, one item a domain."""

    def close(self) -> None:
        """Release files and handles; may be called twice."""


class Unavailable(NamedTuple):
    """Why a meter cannot be used here, and what would change that.

    ``silent`` marks hardware that is simply not there, which is worth no line in a report.
    """

    meter: str
    reason: str
    remedy: str = ""
    silent: bool = False
