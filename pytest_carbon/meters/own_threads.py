"""How many hardware threads this process may use: its container's share of the machine.

``os.cpu_count`` counts the host's. A control group limits CPU time (``cpu.max``: the kernel's
``Documentation/admin-guide/cgroup-v2.rst``; in version 1 ``cpu.cfs_quota_us``), an affinity the
threads themselves.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["own_threads"]


def _quota(text: str) -> float | None:
    """Threads by ``QUOTA PERIOD``; ``max`` and whatever cannot be read set no limit."""
    try:
        quota, period = (int(part) for part in text.split())
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _limits(groups: Path, cgroup: Path) -> list[float]:
    """The limits of this process's group and of all above it: the least one counts."""
    found = []
    for line in _read(groups).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroup / controllers if controllers else cgroup
        parts = Path(name.lstrip("/")).parts
        for depth in range(len(parts), -1, -1):
            folder = root.joinpath(*parts[:depth])
            text = _read(folder / "cpu.max") or (
                _read(folder / "cpu.cfs_quota_us") + " " + _read(folder / "cpu.cfs_period_us")
            )
            limit = _quota(text)
            if limit is not None:
                found.append(limit)
    return found


def own_threads(
    threads: int,
    *,
    groups: Path = Path("/proc/self/cgroup"),
    cgroup: Path = Path("/sys/fs/cgroup"),
) -> float:
    """Of the host's ``threads``, those that this process may keep busy; at most all of them."""
    allowed: list[float] = [float(threads)]
    with contextlib.suppress(AttributeError, OSError):  # other systems, and sandboxes
        allowed.append(float(len(os.sched_getaffinity(0))))  # type: ignore[attr-defined, unused-ignore]
    allowed += _limits(groups, cgroup)
    return min(allowed)
