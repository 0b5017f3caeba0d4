"""One subject of a run: what it cost, and what the gate found."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from pytest_carbon.measurement import Kind, Phase, Subject
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.measurement import Measurement

__all__ = ["NOT_IN_TOTAL", "NO_PHASES", "Key", "LookRuns", "SubjectResult"]

Key: TypeAlias = "tuple[str, Subject]"
"""What is one of a run's results: the name of its host, and its subject."""

# Subjects whose cost is in other subjects' rows, too, and what is no cost of the user's run.
NOT_IN_TOTAL = frozenset({Kind.TASK, Kind.FILE, Kind.LOOKS})

NO_PHASES: Mapping[Phase, Measurement] = MappingProxyType({})
"""Of what is no test, and of a test that had nothing but its call."""


class LookRuns(NamedTuple):
    """What one look found out about a subject: its first run there, and the ones after it.

    ``disk_share`` is the part of the later runs' CPU time that the kernel took where they wrote to
    a disk, and ``blocks_written`` what one of them wrote there on average, in blocks of 512 bytes.
    """

    first: Measurement
    repeats: tuple[Measurement, ...] = ()
    disk_share: float | None = None
    blocks_written: float | None = None


class SubjectResult(NamedTuple):
    """One subject of a run: what it cost, phase by phase, and what the gate found.

    ``phases`` are empty where a test had nothing but its call, whose cost is the ``total``.
    ``test_outcome`` is pytest's own (``passed``, ``failed``, …), for a task that of its test,
    and empty for other subjects, ``own`` what of a task's total is in no task inside of it,
    ``times`` counts how often the subject ran (a session fixture runs once in each worker),
    ``looks`` are what looks found, taken to be stored, ``tolerance`` is its own where it has one,
    ``budget_j`` its ceiling in joules and ``worst_j`` what is held against that where it is not
    ``total`` (the costliest time that a task ran). ``ungated`` says why it is not held against a
    baseline. ``path`` and ``line`` are its place in the source, ``worker`` is the xdist worker that
    ran it and ``host`` the name of that worker's host, where several ran tests or another one did.
    ``blocks_written`` is what it wrote to disks, in blocks of 512 bytes, where its baseline has
    asked for that.
    """

    subject: Subject
    total: Measurement
    phases: Mapping[Phase, Measurement] = NO_PHASES
    own: Measurement | None = None
    test_outcome: str = ""
    times: int = 1
    verdict: Verdict | None = None
    looks: tuple[LookRuns, ...] = ()
    tolerance: float | None = None
    budget_j: float | None = None
    worst_j: float | None = None
    ungated: str = ""
    path: str = ""
    line: int | None = None
    worker: str = ""
    host: str = ""
    blocks_written: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def by_phase(self) -> Mapping[Phase, Measurement]:
        """A test's cost phase by phase, where that is known."""
        if self.phases or self.subject.kind is not Kind.TEST or not self.total.wall_s:
            return self.phases
        return {Phase.CALL: self.total}

    @property
    def key(self) -> Key:
        """What tells it from all other results of its run."""
        return self.host, self.subject
