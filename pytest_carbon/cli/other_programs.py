"""What other programs did while a refresh measured: beside them, figures scatter more."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from pytest_carbon.clocks.host import HostBusy
from pytest_carbon.record import NamedTuple
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OtherPrograms", "Spent", "spent_now"]

# Of a core (chosen). With type checks and tests beside it, a refresh of 40 workloads learned of
# fewer tests how far they follow the speed of the core, and of 56 rises of 30 % 41 were found
# instead of 54 (tests/benchmarks/detection/history.md).
WORTH_A_WORD = 0.2


class Spent(NamedTuple):
    """CPU seconds so far: of this process with the children that have ended, and of the host.

    ``host_s`` is ``None`` where it cannot be read, or where ``own_s`` lacks the children.
    """

    wall_s: float
    own_s: float
    host_s: float | None


def spent_now() -> Spent:
    """What was spent until now."""
    host = HostBusy()
    host_ns = host.read_ns() if os.name == "posix" else None
    host.close()
    own = os.times()
    return Spent(
        wall_s=time.monotonic(),
        own_s=own.user + own.system + own.children_user + own.children_system,
        host_s=None if host_ns is None else host_ns / NS_PER_S,
    )


class OtherPrograms:
    """How many cores other programs keep busy, from when this is made on."""

    def __init__(self, now: Callable[[], Spent] = spent_now) -> None:
        self._now = now
        self._start = now()

    @property
    def cores(self) -> float | None:
        """On average; ``None`` where that is not known."""
        start, end = self._start, self._now()
        if start.host_s is None or end.host_s is None or end.wall_s <= start.wall_s:
            return None
        others_s = end.host_s - start.host_s - (end.own_s - start.own_s)
        return max(others_s, 0.0) / (end.wall_s - start.wall_s)

    @property
    def words(self) -> str:
        """What there is to say about them; empty for nothing."""
        cores = self.cores
        if cores is None or cores < WORTH_A_WORD:
            return ""
        return (
            f"other programs kept {cores:.1f} cores busy meanwhile: refresh again on a quiet "
            "machine, and smaller rises are found"
        )
