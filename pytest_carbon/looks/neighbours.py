"""How busy other programs keep a host's cores while a look is taken there."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from pytest_carbon.clocks.host import HostBusy
from pytest_carbon.clocks.waited_for import spent_ns
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Neighbours"]


def _host_ns() -> int | None:
    """Opened anew each time, as there are two readings a look and nothing to close then."""
    with closing(HostBusy()) as host:
        return host.read_ns()


def _own_ns() -> int | None:
    """Unknown on Windows, which adds up no children."""
    return spent_ns() if os.name == "posix" else None


class Neighbours:
    """Measures from its making on; ``None`` where the system does not tell.

    What this process and its ended children spend, as all of a look's processes do, is its own.
    """

    def __init__(
        self,
        host_ns: Callable[[], int | None] = _host_ns,
        own_ns: Callable[[], int | None] = _own_ns,
        wall_ns: Callable[[], int] = System.perf_counter_ns,
    ) -> None:
        self._host_ns, self._own_ns, self._wall_ns = host_ns, own_ns, wall_ns
        self._since = self._read()

    def finish(self) -> float | None:
        """How many cores others have kept busy since, on average."""
        host_ns, own_ns, wall_ns = self._read()
        since_host_ns, since_own_ns, since_wall_ns = self._since
        if None in {host_ns, own_ns, since_host_ns, since_own_ns} or wall_ns <= since_wall_ns:
            return None
        others_ns = (host_ns - since_host_ns) - (own_ns - since_own_ns)  # type: ignore[operator]
        return max(0.0, others_ns / (wall_ns - since_wall_ns))

    def _read(self) -> tuple[int | None, int | None, int]:
        return self._host_ns(), self._own_ns(), self._wall_ns()
