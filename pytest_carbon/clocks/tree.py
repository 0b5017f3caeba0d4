"""The CPU time of a process tree from its parts: own, waited-for, and living descendants.

The accounting is here; how to see the tree is a ``Tree``'s business.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NOWHERE", "ROOT", "Key", "Member", "Snapshot", "Tree", "TreeClock", "left_unreaped_ns"]


class Key(NamedTuple):
    """A process: its number may come again, number and start together do not."""

    pid: int
    started: float


ROOT = Key(0, 0)
"""Stands for this process as a parent."""

NOWHERE = Key(-1, 0)
"""Stands for the parent of a process that has left the tree: nobody here waits for it."""


class Member(NamedTuple):
    """A living or zombie descendant: its parent, its own CPU time, that of its ended children."""

    parent: Key
    own_ns: int
    reaped_ns: int


class Snapshot(NamedTuple):
    """The tree at one instant; ``reaped_ns`` is the CPU time of this process's ended children."""

    reaped_ns: int
    members: Mapping[Key, Member]

    def agrees(self, other: Snapshot) -> bool:
        """Whether nobody came, went or was waited for between two snapshots."""
        return (
            self.reaped_ns == other.reaped_ns
            and self.members.keys() == other.members.keys()
            and all(m.reaped_ns == other.members[key].reaped_ns for key, m in self.members.items())
        )


class Tree(Protocol):
    """Sees this process's descendants."""

    @property
    def grain_ns(self) -> int:
        """How much a member's ``reaped_ns`` may fall short, by rounding."""

    def snapshot(self, known: Mapping[Key, Member]) -> Snapshot:
        """All descendants now.

        A parent's ``reaped_ns`` is read before its children are listed, so that none counts
        twice. Members of ``known`` that have left the tree but live on stay in it, with
        ``NOWHERE`` as their parent.
        """


def left_unreaped_ns(before: Snapshot, after: Snapshot, grain_ns: int) -> int:
    """The CPU time of processes that ended between two snapshots and that no ancestor shows.

    A process that is waited for moves into its parent's ``reaped_ns``. One whose parent does
    not wait for it (an ignored ``SIGCHLD``, a detached daemon, any process on Windows) is
    kept with the last value seen.
    """
    gone = {key: m for key, m in before.members.items() if key not in after.members}
    owed: defaultdict[Key, int] = defaultdict(int)
    for member in gone.values():
        heir = member.parent
        while heir in gone:
            heir = gone[heir].parent
        owed[heir] += member.own_ns + member.reaped_ns
    left = 0
    for heir, debt_ns in owed.items():
        if heir == ROOT:
            paid = after.reaped_ns - before.reaped_ns
        elif heir in before.members and heir in after.members:
            paid = after.members[heir].reaped_ns - before.members[heir].reaped_ns + grain_ns
        else:
            paid = 0
        left += max(0, debt_ns - paid)
    return left


class TreeClock:
    """Counts this process, the children it has waited for, and all living descendants."""

    def __init__(
        self,
        name: str,
        description: str,
        tree: Tree,
        *,
        own_ns: Callable[[], int] = System.process_time_ns,
    ) -> None:
        self.name = name
        self.description = description
        self._tree = tree
        self._own_ns = own_ns
        self._last_ns = 0
        self._start()
        self._origin_ns = self._sum_ns(self._known)

    def read_ns(self) -> int:
        """Nanoseconds since the clock was opened; never less than before."""
        if System.getpid() != self._pid:
            # A forked child's own time begins at 0 and it has no children: all of it counts.
            self._start()
            self._origin_ns = -self._last_ns
        with self._lock:
            return self._read_ns()

    def close(self) -> None:
        """Nothing to release."""

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._pid = System.getpid()
        self._left_ns = 0
        self._known = self._tree.snapshot({})

    def _read_ns(self) -> int:
        snapshot = self._tree.snapshot(self._known.members)
        if not self._known.members.keys() <= snapshot.members.keys():
            snapshot = self._settle(snapshot)
            self._left_ns += left_unreaped_ns(self._known, snapshot, self._tree.grain_ns)
        self._known = snapshot
        # A member's rounded time may come back a little less than what was seen of it.
        self._last_ns = max(self._last_ns, self._sum_ns(snapshot) - self._origin_ns)
        return self._last_ns

    def _settle(self, snapshot: Snapshot) -> Snapshot:
        # Waited for between two reads of one snapshot, a process is in neither figure.
        for _ in range(3):
            again = self._tree.snapshot(self._known.members)
            if again.agrees(snapshot):
                return again
            snapshot = again
        return snapshot

    def _sum_ns(self, snapshot: Snapshot) -> int:
        total = self._own_ns() + snapshot.reaped_ns + self._left_ns
        for member in snapshot.members.values():
            total += member.own_ns + member.reaped_ns
        return total
