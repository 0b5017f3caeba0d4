"""What a confirmation is told, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import TYPICAL_SD

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy

__all__ = ["FreshProcess", "Look", "Repeat", "Suspect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Repeats of one test, taken one right after the other in one process.

    ``raw_j`` are the same without the correction for speed (empty where there is none).
    ``first_j`` is the test's first run in a process of its own; it pays for all that a whole run
    has behind it (imports, caches), so it may be less than the stored first runs allow, but what
    it is more says nothing. ``None`` for a look in the run's own process. ``blocks_written`` is
    what one of the repeats wrote to a disk on average, in blocks of 512 bytes.
    """

    samples_j: tuple[float, ...]
    raw_j: tuple[float, ...] = ()
    first_j: float | None = None
    blocks_written: float = 0.0

    @property
    def fresh_process(self) -> bool:
        """Whether the look was taken in a process of its own."""
        return self.first_j is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """All that is known of a suspect before the first look.

    ``first_j`` is the figure that made it one, ``suite_size`` the number of tests that the run
    holds against baselines. ``collected`` says whether a full garbage collection fell into that
    first run, which costs up to many times a short test. ``fresh_processes`` says whether the
    test can run in one at all.
    """

    entry: Entry
    first_j: float
    policy: Policy
    suite_sd: float = TYPICAL_SD
    suite_size: int = 1
    collected: bool = False
    fresh_processes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Run the test ``count`` more times in its own process, ``after_s`` from now."""

    count: int
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshProcess:
    """Run the test once and then ``repeats`` times in a new process, ``after_s`` from now."""

    repeats: int
    after_s: float
