"""The CPU time of all processes on the host, to tell this tree's part of a shared counter."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.system import System
from pytest_carbon.units import NS_PER_S

__all__ = ["HostBusy", "OthersBusy"]

# proc(5), /proc/stat: user, nice, system, irq, softirq. Idle and waiting burn nothing, time
# stolen burns elsewhere, and a guest's time is already in user and nice.
_BUSY_FIELDS = (1, 2, 3, 6, 7)


class HostBusy:
    """Reads the host's busy CPU time; in ticks of 10 ms on Linux, whatever the window.

    In a container ``/proc/stat`` may be another file system's (lxcfs), which tells the container's
    own CPU time or zeros: that is not the host's, and unknown.
    """

    def __init__(self, path: Path = Path("/proc/stat")) -> None:
        self._file: int | None = None
        if _is_another_file_system(path):
            return
        try:
            self._file = out_of_reach(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)))
        except OSError:
            return
        self._name, self._pread = path.name, System.pread  # type: ignore[attr-defined, unused-ignore]
        self._tick_ns = NS_PER_S // os.sysconf("SC_CLK_TCK")  # type: ignore[attr-defined, unused-ignore]

    def read_ns(self) -> int | None:
        """Cumulative nanoseconds of all CPUs together, ``None`` where they cannot be read."""
        if self._file is None:
            return None if sys.platform == "linux" else _psutil_busy_ns()
        fields = self._pread(self._file, 256, 0).split(None, 8)
        try:
            return sum(int(fields[at]) for at in _BUSY_FIELDS) * self._tick_ns  # type: ignore[no-any-return, unused-ignore]
        except (IndexError, ValueError):
            return None

    def close(self) -> None:
        """Close the file; may be called twice."""
        if self._file is not None:
            close_own(self._file, self._name)
            self._file = None


# The clock of a host counts in ticks of 10 ms: over less than some of them it tells little.
_SETTLES_NS = 200_000_000


class OthersBusy:
    """What other processes spend, smoothed, so that short windows do not depend on ticks.

    Read in ticks, a host seems to be idle in one window of 20 ms and twice as busy in the next. The
    others' time is therefore let in at the rate of the last fifths of a second. Nothing of it is
    lost: what is not let in at once follows.
    """

    def __init__(self) -> None:
        self._since: tuple[int, int] | None = None
        self._at_ns = 0
        self._let_in_ns = 0.0

    def host_ns(self, host_ns: int, cpu_ns: int, wall_ns: int) -> int:
        """The host's busy time since the first call, told one's own time and what ticks say."""
        if self._since is None:
            self._since, self._at_ns = (host_ns, cpu_ns), wall_ns
        host_since_ns, cpu_since_ns = self._since
        own_ns = cpu_ns - cpu_since_ns
        waiting_ns = host_ns - host_since_ns - own_ns - self._let_in_ns
        elapsed_ns, self._at_ns = wall_ns - self._at_ns, wall_ns
        if waiting_ns > 0:
            self._let_in_ns += waiting_ns * -math.expm1(-elapsed_ns / _SETTLES_NS)
        return own_ns + int(self._let_in_ns)


def _is_another_file_system(path: Path) -> bool:
    try:
        return path.stat().st_dev != path.parent.stat().st_dev
    except OSError:
        return False


def _psutil_busy_ns() -> int | None:
    import psutil

    times = psutil.cpu_times()._asdict()
    return int(NS_PER_S * sum(times.get(name, 0.0) for name in ("user", "nice", "system", "irq")))
