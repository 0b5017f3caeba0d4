"""How busy other programs keep a host's cores while a look is taken there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.clocks.host import HostBusy
from pytest_carbon.system import System
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Neighbours"]


class Neighbours:
    """Measures from its making on; ``None`` where the system does not tell.

    What this process and its ended children spend, as all of a look's processes do, is its own.
    """

    def __init__(
        self,
        host_ns: Callable[[], int | None] | None = None,
        own_ns: Callable[[], int | None] | None = None,
        wall_ns: Callable[[], int] = System.perf_counter_ns,
    ) -> None:
        self._host: HostBusy | None = None
        if host_ns is None:
            self._host = HostBusy()
            host_ns = self._host.read_ns
        self._host_ns, self._own_ns, self._wall_ns = host_ns, own_ns or _own_ns, wall_ns
        self._since = self._read()

    def finish(self) -> float | None:
        """How many cores others have kept busy since, on average; ends it."""
        host_ns, own_ns, wall_ns = self._read()
        since_host_ns, since_own_ns, since_wall_ns = self._since
        if self._host is not None:
            self._host.close()
        if None in {host_ns, own_ns, since_host_ns, since_own_ns} or wall_ns <= since_wall_ns:
            return None
        others_ns = (host_ns - since_host_ns) - (own_ns - since_own_ns)  # type: ignore[operator]
        return max(0.0, others_ns / (wall_ns - since_wall_ns))

    def _read(self) -> tuple[int | None, int | None, int]:
        return self._host_ns(), self._own_ns(), self._wall_ns()


def _own_ns() -> int | None:
    """Unknown on Windows, which adds up no children."""
    if os.name != "posix":
        return None
    times = os.times()
    spent_s = times.user + times.system + times.children_user + times.children_system
    return int(spent_s * NS_PER_S)
