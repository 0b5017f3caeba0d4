"""What the gate is told of a suspect: its bounds, its first run, and what looks found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pytest_carbon.gate.bounds import Bounds

__all__ = ["Look", "Suspect"]


class Look(NamedTuple):
    """What a fresh process says of one subject, in joules.

    ``first_j`` is the subject's first run there. It pays for what other tests of a whole session
    have paid for before it (imports, caches), so it clears where it is low and says nothing where
    it is high. ``samples_j`` are the runs after it, one right after the other; empty where the
    test cannot run again in one process. ``raw_j`` are the same without the correction for speed
    (empty where there is none), ``blocks_written`` is what one of them wrote to a disk on average,
    in blocks of 512 bytes.
    """

    first_j: float
    samples_j: tuple[float, ...] = ()
    raw_j: tuple[float, ...] = ()
    blocks_written: float = 0.0


class Suspect(NamedTuple):
    """All that is known of a suspect before the first look.

    ``first_j`` is the figure that made it one, in joules, ``suite_size`` the number of tests that
    the run holds against baselines.
    """

    bounds: Bounds
    first_j: float
    suite_size: int = 1

    @property
    def chance(self) -> float:
        """The chance of a false alarm that it may take at one of its looks."""
        return self.bounds.policy.chance(self.suite_size)
