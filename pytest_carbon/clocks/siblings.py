"""The CPU time of all workers of a run on this host, to divide what they use together."""

from __future__ import annotations

from pathlib import Path

from pytest_carbon.clocks.process_clock import process_cpu_ns
from pytest_carbon.system import System

__all__ = ["RunBusy"]

# What the command of each process says that execnet has started, as pytest-xdist's workers.
_WORKER = b"sys.stdin.readline"

# Workers that crash are replaced.
_LOOK_EVERY_S = 1.0


class RunBusy:
    """Reads the CPU time of this worker and of its siblings, as far as Linux tells it.

    A sibling counts with its threads, and not with processes that it has started.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._parent = System.getppid()
        self._looked_s = float("-inf")
        self._last_ns: dict[int, int] = {}
        self._others_ns = 0
        self.is_known = False
        """Whether any sibling was seen: they start one after the other, and by SSH out of sight."""
        self._look()

    def read_ns(self, own_ns: int) -> int:
        """Cumulative nanoseconds of all workers, told those of this one."""
        if System.monotonic() - self._looked_s > _LOOK_EVERY_S:
            self._look()
        for pid, last_ns in list(self._last_ns.items()):
            now_ns = _cpu_ns(pid)
            if now_ns is None:
                del self._last_ns[pid]
            else:
                self._others_ns += max(0, now_ns - last_ns)
                self._last_ns[pid] = now_ns
        return own_ns + self._others_ns

    def _look(self) -> None:
        self._looked_s = System.monotonic()
        for pid in self._children():
            if pid != System.getpid() and pid not in self._last_ns and self._is_worker(pid):
                now_ns = _cpu_ns(pid)
                if now_ns is not None:
                    self._last_ns[pid] = now_ns
                    self.is_known = True

    def _children(self) -> list[int]:
        pids: list[int] = []
        try:
            for task in (self._proc / str(self._parent) / "task").iterdir():
                pids += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            return pids  # no Linux, or the parent is gone
        return pids

    def _is_worker(self, pid: int) -> bool:
        try:
            return _WORKER in (self._proc / str(pid) / "cmdline").read_bytes()
        except OSError:
            return False


def _cpu_ns(pid: int) -> int | None:
    try:
        return process_cpu_ns(pid)
    except OSError:
        return None
