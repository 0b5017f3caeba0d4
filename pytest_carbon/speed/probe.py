"""What every speed probe is, and what its readings hold."""

from __future__ import annotations

from typing import Protocol

from pytest_carbon.record import NamedTuple

__all__ = ["SpeedProbe", "SpeedReading"]


class SpeedReading(NamedTuple):
    """Cumulative sums over the probes so far; two of them bound a measurement.

    ``weight`` adds up what each probe stands for (1: about 4 ms of the test), ``inverse_sum``
    adds weight / probe time [1/ns], ``probes`` counts them. ``before_inverse`` is 1 / probe
    time [1/ns] of the latest probe at an edge, 0.0 where there is none: it speaks for the
    moment when a measurement starts.
    """

    weight: float
    inverse_sum: float
    probes: int
    before_inverse: float


class SpeedProbe(Protocol):
    """Says how fast the core runs that a test runs on."""

    @property
    def name(self) -> str:
        """A short stable name, part of the environment's fingerprint: ``follow-words14``."""

    @property
    def description(self) -> str:
        """One phrase for the header: what is probed, and where."""

    @property
    def best_ns(self) -> float | None:
        """The kernel's time on this machine at its best, in ns, as far as the start showed.

        Good for a first reference, to which others are then held; ``None`` without a probe.
        """

    @property
    def loss(self) -> str | None:
        """Why the probe no longer does what its name says, in words; ``None`` while it does.

        The caller says it once. What is left (probes at the edges) goes on by itself.
        """

    @property
    def taken_here(self) -> int:
        """How many probes have run in this process, whose time is in no figure."""

    def edge(self) -> SpeedReading:
        """The sums at this instant, after a probe here if the last one is old enough.

        Call it before the CPU clock is read at a start, and after it at an end, so that the
        probe's own time falls outside the measurement; from the test's thread only.
        """

    def close(self) -> None:
        """End the helper if there is one; may be called twice, and in a forked child."""
