"""What every clock is: a cumulative count of the process tree's CPU time."""

from __future__ import annotations

from typing import Protocol

__all__ = ["CpuClock"]


class CpuClock(Protocol):
    """The CPU time that this process and all its descendants have used."""

    @property
    def name(self) -> str:
        """A short stable name, part of the environment's fingerprint: ``perf-task-clock``."""

    @property
    def description(self) -> str:
        """One phrase for the header: what the clock sees, and what it cannot see."""

    def read_ns(self) -> int:
        """Cumulative CPU time in nanoseconds since the clock was opened."""

    def close(self) -> None:
        """Release files; may be called twice."""
