"""The process tree through Linux's /proc, for where perf events are not permitted."""

from __future__ import annotations

import os
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage  # type: ignore[attr-defined, unused-ignore]
from typing import TYPE_CHECKING

from pytest_carbon.clocks.process_clock import process_cpu_ns
from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.clocks.tree import NOWHERE, ROOT, Key, Member, Snapshot, TreeClock
from pytest_carbon.system import System
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ProcTree", "has_children", "open_descendants", "reaped_ns"]

NAME = "descendants"

# proc(5), /proc/[pid]/stat: fields 14 to 17 and 22, counted from the third, the state.
_UTIME, _STIME, _CUTIME, _CSTIME, _START = 11, 12, 13, 14, 19


def reaped_ns() -> int:
    """The CPU time of ended children that were waited for, and of theirs."""
    usage = getrusage(RUSAGE_CHILDREN)  # type: ignore[attr-defined, unused-ignore]
    return int((usage.ru_utime + usage.ru_stime) * NS_PER_S)


def has_children() -> bool:
    """Whether any child lives or is a zombie; a microsecond, and it disturbs none."""
    try:
        System.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # type: ignore[attr-defined, unused-ignore]
    except ChildProcessError:
        return False
    return True


class ProcTree:
    """Descendants by ``/proc/PID/task/TID/children``, their time by each one's own CPU clock."""

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._root = root
        self._known: Mapping[Key, Member] = {}
        self._tick_ns = NS_PER_S // os.sysconf("SC_CLK_TCK")  # type: ignore[attr-defined, unused-ignore]
        # User and system time are rounded down, each on its own.
        self.grain_ns = 2 * self._tick_ns

    def snapshot(self, known: Mapping[Key, Member]) -> Snapshot:
        """All descendants now, and those of ``known`` that have left the tree and live on."""
        self._known = known
        reaped = reaped_ns()
        members: dict[Key, Member] = {}
        if has_children():
            self._walk("self", ROOT, members)
        for key in known:
            if key not in members:
                self._follow(key, members)
        return Snapshot(reaped, members)

    def _walk(self, pid: int | str, parent: Key, members: dict[Key, Member]) -> None:
        waiting: list[tuple[int | str, Key]] = [(pid, parent)]
        while waiting:
            process, key = waiting.pop()
            for child in self._children(process):
                found = self._member(child, key)
                if found is not None:
                    members[found[0]] = found[1]
                    waiting.append((child, found[0]))

    def _follow(self, key: Key, members: dict[Key, Member]) -> None:
        found = self._member(key.pid, NOWHERE)
        if found is not None and found[0] == key:
            members[key] = found[1]
            self._walk(key.pid, key, members)

    def _children(self, pid: int | str) -> Iterator[int]:
        tasks = f"{self._root}/{pid}/task"
        try:
            for thread in System.listdir(tasks):
                with System.open(f"{tasks}/{thread}/children", "rb") as file:
                    yield from map(int, file.read().split())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            # Ended meanwhile, or hidden from us (hidepid, set-uid programs): the time of its
            # children is found with their parent, once it was waited for.
            return

    def _member(self, pid: int, parent: Key) -> tuple[Key, Member] | None:
        try:
            with System.open(f"{self._root}/{pid}/stat", "rb") as file:
                # The name before the last bracket may hold anything, blanks and brackets too.
                fields = file.read().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        except PermissionError:
            return self._hidden(pid, parent)
        reaped = (int(fields[_CUTIME]) + int(fields[_CSTIME])) * self._tick_ns
        try:
            own = process_cpu_ns(pid)
        except OSError:
            own = (int(fields[_UTIME]) + int(fields[_STIME])) * self._tick_ns
        return Key(pid, int(fields[_START])), Member(parent, own, reaped)

    def _hidden(self, pid: int, parent: Key) -> tuple[Key, Member] | None:
        """A process that /proc hides: its CPU clock is open to all, when it started is not known.

        It may have been open until it became a set-uid program: then it keeps its key.
        """
        try:
            own = process_cpu_ns(pid)
        except OSError:
            return None
        key = next((key for key in self._known if key.pid == pid), Key(pid, -1))
        before = self._known.get(key)
        return key, Member(parent, own, before.reaped_ns if before else 0)


def open_descendants(root: Path = Path("/proc")) -> TreeClock | Refusal:
    """The clock, or why there is none: no /proc, or a kernel that lists no children."""
    try:
        next(root.glob("self/task/*/children")).read_bytes()
    except (StopIteration, OSError):
        return Refusal(clock=NAME, reason="this system has no /proc/PID/task/TID/children")
    return TreeClock(
        NAME,
        "process time, ended children and living descendants; "
        "no daemons that detach before they are seen once",
        ProcTree(root),
    )
