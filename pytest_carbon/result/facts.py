"""What is to say of a run beside its figures: its course, its origin, its hosts, its faults."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.environment import Environment

__all__ = ["Counted", "Course", "Fault", "HostFacts", "Origin"]


class Course(NamedTuple):
    """How a run went: which tests there were, and whether all that should run did.

    ``collected`` are the ids of all tests that were found, ``deselected`` those of them that
    were not to run. ``narrowed`` says what kept the collection from being the whole suite
    (paths, ``--lf``), ``collection_errors`` names what could not be collected,
    ``collection_skips`` the files that skip themselves as a whole. ``outcomes`` is
    what became of each test that ran, measured or not: ``passed``, ``failed``, ``error`` (in
    set-up or tear-down), ``skipped``, ``xfailed``, ``xpassed``, ``rerun``. ``cut_short`` says
    why the run ended before its end, ``lost_workers`` counts xdist workers that crashed, and
    ``exit_status`` is pytest's, ``None`` where it is not known.
    """

    exit_status: int | None = None
    collected: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    collection_errors: tuple[str, ...] = ()
    collection_skips: tuple[str, ...] = ()
    outcomes: Mapping[str, str] = MappingProxyType({})
    cut_short: str = ""
    lost_workers: int = 0

    @property
    def complete(self) -> bool:
        """Whether every test that was selected has run, and no figure was lost on the way."""
        return not (self.cut_short or self.collection_errors or self.lost_workers)

    @property
    def full_and_clean(self) -> bool:
        """Whether the whole suite was collected, so that what is missing no longer exists."""
        whole = not (self.narrowed or self.deselected or self.collection_errors)
        return whole and bool(self.collected)


class Origin(NamedTuple):
    """Where a run comes from; what is not known is empty, or ``None``.

    ``started_at`` is ISO 8601 in UTC, ``project`` the name of the root folder, ``modified``
    whether tracked files differ from ``commit``, ``versions`` those of Python, pytest and this
    plugin, ``platform`` the operating system in full, ``memory_bytes`` the machine's memory,
    ``repository`` the address of the project's repository on the web, ``folder`` where in it the
    root folder is.
    """

    run_id: str
    started_at: str
    project: str
    commit: str = ""
    branch: str = ""
    modified: bool | None = None
    versions: Mapping[str, str] = MappingProxyType({})
    platform: str = ""
    memory_bytes: int | None = None
    repository: str = ""
    folder: str = ""


class Fault(NamedTuple):
    """Something of the plugin's own that went wrong: while which test, and the traceback."""

    test: str
    cause: str
    traceback: str = ""


class HostFacts(NamedTuple):
    """A host that ran tests: its environment, and how figures came about there.

    The fields are those of ``RunResult``, for this host.
    """

    name: str
    environment: Environment
    meters: tuple[str, ...] = ()
    clock: str = ""
    baselines: str = ""
    reference_ns: float | None = None


class Counted(NamedTuple):
    """What a counter of the machine showed over the whole run, and whose it was.

    ``run_j`` is the part that the run caused, ``idle_j`` what would have flowed anyway.
    """

    domain: str
    total_j: float
    run_j: float
    idle_j: float

    @property
    def others_j(self) -> float:
        """What other processes of the machine caused."""
        return max(0.0, self.total_j - self.run_j - self.idle_j)
