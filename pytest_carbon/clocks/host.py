"""The CPU time of all processes on the host, to tell this tree's part of a shared counter."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.units import NS_PER_S

__all__ = ["HostBusy"]

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
        self._name, self._pread = path.name, os.pread  # type: ignore[attr-defined, unused-ignore]
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


def _is_another_file_system(path: Path) -> bool:
    try:
        return path.stat().st_dev != path.parent.stat().st_dev
    except OSError:
        return False


def _psutil_busy_ns() -> int | None:
    import psutil

    times = psutil.cpu_times()._asdict()
    return int(NS_PER_S * sum(times.get(name, 0.0) for name in ("user", "nice", "system", "irq")))
