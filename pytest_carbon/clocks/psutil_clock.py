"""The process tree through psutil, for systems without /proc: slower and coarser."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.clocks.tree import NOWHERE, ROOT, Key, Member, Snapshot, TreeClock
from pytest_carbon.system import System
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psutil

__all__ = ["PsutilTree", "open_psutil"]

NAME = "psutil"

# Windows counts a process's CPU time in ticks of 15.6 ms, the others in hundredths or finer.
_GRAIN_NS = 2 * 16_000_000


class PsutilTree:
    """Descendants by psutil, which lists every process of the machine to find them."""

    grain_ns = _GRAIN_NS

    def snapshot(self, known: Mapping[Key, Member]) -> Snapshot:
        """All descendants now, and those of ``known`` that have left the tree and live on."""
        import psutil

        reaped = _reaped_ns()
        members: dict[Key, Member] = {}
        if not known and not _may_have_children():
            return Snapshot(reaped, members)
        found = {child.pid: child for child in _descendants()}
        keys: dict[int, Key] = {}
        for pid, child in found.items():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                keys[pid] = Key(pid, child.create_time())
        keys[System.getpid()] = ROOT
        for pid, key in keys.items():
            if key != ROOT:
                self._add(found[pid], key, keys, known, members)
        for key in known:
            if key not in members and psutil.pid_exists(key.pid):
                self._follow(key, known, members)
        return Snapshot(reaped, members)

    def _add(
        self,
        process: psutil.Process,
        key: Key,
        keys: Mapping[int, Key],
        known: Mapping[Key, Member],
        members: dict[Key, Member],
    ) -> None:
        import psutil

        try:
            parent = keys.get(process.ppid(), NOWHERE)
            times = process.cpu_times()
        except psutil.ZombieProcess:
            # Not readable on macOS: what was seen last stands until its parent waits for it.
            if key in known:
                members[key] = known[key]
            return
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return
        members[key] = Member(
            parent,
            int((times.user + times.system) * NS_PER_S),
            int((times.children_user + times.children_system) * NS_PER_S),
        )

    def _follow(self, key: Key, known: Mapping[Key, Member], members: dict[Key, Member]) -> None:
        import psutil

        try:
            process = psutil.Process(key.pid)
            if Key(key.pid, process.create_time()) == key:
                self._add(process, key, {}, known, members)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return


def _descendants() -> list[psutil.Process]:
    import psutil

    with contextlib.suppress(psutil.AccessDenied):
        return psutil.Process().children(recursive=True)
    # Some process may not be looked at (hidepid). Ours may, unless they are set-uid programs.
    parents: dict[int, tuple[int, psutil.Process]] = {}
    for pid in psutil.pids():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(pid)
            parents[pid] = (process.ppid(), process)
    ours, found = {System.getpid()}, []
    # A child has a higher number than its parent, unless numbers have begun anew meanwhile.
    for _ in range(2):
        for pid, (parent, process) in sorted(parents.items()):
            if parent in ours and pid not in ours:
                ours.add(pid)
                found.append(process)
    return found


if sys.platform == "win32":

    def _reaped_ns() -> int:
        return 0  # Windows keeps no sum of ended children

    def _may_have_children() -> bool:
        return True

else:
    from pytest_carbon.clocks.descendants import has_children
    from pytest_carbon.clocks.descendants import reaped_ns as _reaped_ns

    def _may_have_children() -> bool:
        # macOS has waitid in Python from 3.13 on.
        return has_children() if hasattr(os, "waitid") else True


def open_psutil() -> TreeClock | Refusal:
    """The clock, or why there is none: psutil is not installed, or does not know this system."""
    try:
        import psutil

        # Without /proc psutil knows no process at all, not even this one.
        psutil.Process().cpu_times()
        return TreeClock(
            NAME,
            "psutil: process time, ended children and living descendants, 10 to 16 ms grain; "
            "no daemons that detach before they are seen once",
            PsutilTree(),
        )
    except ImportError as error:
        return Refusal(clock=NAME, reason=str(error), remedy="pip install psutil")
    except (NotImplementedError, psutil.Error):
        return Refusal(clock=NAME, reason="psutil does not know this system, or has no /proc")
