"""Where the test's work runs now: its thread's core, or that of the children that do the work.

Read from ``/proc`` only, by the helper, so that the test pays nothing. The helper imports this
module: it needs nothing but ``os``.
"""

from __future__ import annotations

import os

__all__ = ["STOPPED", "Target", "parse_stat", "start_ticks"]

# Answers of ``Target.cpu`` beside core numbers.
STOPPED = -1

# With more tasks than these the helper would cost more than what it is there to save.
_MOST_TASKS = 48

_STAT_BYTES = 1024


def parse_stat(text: bytes) -> tuple[str, int, int]:
    """State, core and start time [clock ticks after boot] from a task's ``stat``.

    Fields 3, 39 and 22 (proc_pid_stat(5)), counted after the command's closing parenthesis,
    as a command may hold blanks and parentheses. Raises ``ValueError`` for any other text.
    """
    fields = text[text.rindex(b")") + 1 :].split()
    if len(fields) < 37:
        raise ValueError("a stat with fewer than 39 fields")
    return fields[0].decode(), int(fields[36]), int(fields[19])


def start_ticks(root: str, pid: int) -> int:
    """When a process started: with its number this names it for good. Raises ``OSError``."""
    with open(f"{root}/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib starts slowly
        return parse_stat(file.read())[2]


class Target:
    """The thread that runs the tests, its process and its descendants."""

    def __init__(self, root: str, pid: int, tid: int) -> None:
        self._root = root
        self._pid = pid
        self._turn = 0
        # Kept open: cheaper than opening it each time, and never another process's.
        self._stat = os.open(f"{root}/{pid}/task/{tid}/stat", os.O_RDONLY | os.O_CLOEXEC)  # type: ignore[attr-defined, unused-ignore]

    def cpu(self) -> int | None:
        """The core of the running work; ``None`` where all sleeps, ``STOPPED`` where stopped.

        While the test's thread sleeps, its process's other threads and its descendants are
        looked at; where several run, they take turns. Raises ``ProcessLookupError`` when the
        thread is no more.
        """
        state, core, _ = parse_stat(os.pread(self._stat, _STAT_BYTES, 0))  # type: ignore[attr-defined, unused-ignore]
        if state == "R":
            return core
        if state in "ZXx":
            raise ProcessLookupError
        if state in "Tt":
            return STOPPED
        cores = self._running_cores()
        if not cores:
            return None
        self._turn += 1
        return cores[self._turn % len(cores)]

    def _running_cores(self) -> list[int]:
        cores: list[int] = []
        pids = [self._pid]
        tasks = 0
        while pids and tasks < _MOST_TASKS:
            folder = f"{self._root}/{pids.pop()}/task"
            try:
                names = os.listdir(folder)  # noqa: PTH208 - pathlib starts slowly
            except OSError:
                continue
            for name in names[:_MOST_TASKS]:
                tasks += 1
                self._look_at(f"{folder}/{name}", cores, pids)
        return cores

    @staticmethod
    def _look_at(folder: str, cores: list[int], pids: list[int]) -> None:
        """Note a task's core if it runs, and its children; tasks come and go meanwhile."""
        try:
            with open(f"{folder}/stat", "rb", buffering=0) as file:  # noqa: PTH123
                state, core, _ = parse_stat(file.read(_STAT_BYTES) or b"")
            if state == "R":
                cores.append(core)
            with open(f"{folder}/children", "rb", buffering=0) as file:  # noqa: PTH123
                pids.extend(int(pid) for pid in (file.read() or b"").split())
        except (OSError, ValueError):
            return
