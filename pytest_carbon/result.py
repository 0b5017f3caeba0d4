"""The finished result of a run: what every report renders and nothing recomputes."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_carbon.intensity.accounting import Accounting
from pytest_carbon.intensity.pue import NO_PUE
from pytest_carbon.measurement import Kind, Phase, Subject, sum_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.environment import Environment
    from pytest_carbon.gate.verdict import Outcome, Verdict
    from pytest_carbon.intensity.elsewhere import Elsewhere
    from pytest_carbon.intensity.embodied import Embodied
    from pytest_carbon.intensity.equivalents import Equivalent
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.pue import Pue
    from pytest_carbon.intensity.sci import SciScore
    from pytest_carbon.measurement import Measurement

__all__ = [
    "NOT_IN_TOTAL",
    "NO_PHASES",
    "Counted",
    "Course",
    "Fault",
    "HostFacts",
    "Key",
    "LookRuns",
    "Origin",
    "RunResult",
    "SubjectResult",
]

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
    plugin, ``platform`` the operating system in full, ``memory_bytes`` the machine's memory.
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


class _RunFields(NamedTuple):
    environment: Environment
    intensity: Intensity
    meters: tuple[str, ...]
    clock: str
    tolerance: float
    floor_j: float
    subjects: tuple[SubjectResult, ...]
    wall_s: float
    workers: int = 0
    unavailable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    baselines: str = ""
    baselines_folder: str = ""
    course: Course = Course()
    origin: Origin | None = None
    reference_ns: float | None = None
    bodies: Mapping[str, str] = MappingProxyType({})
    looks: int = 0
    looks_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    hosts: tuple[HostFacts, ...] = ()
    counted: tuple[Counted, ...] = ()
    live: Intensity | None = None
    pue: Pue = NO_PUE
    embodied: Embodied | None = None


class RunResult(_RunFields):
    """A whole run; what its properties add up is added up once.

    ``meters`` and ``clock`` say in words how the figures came about, ``unavailable`` what
    could not be measured and the remedy, ``notes`` what else the reader has to know.
    ``origin`` is ``None`` where nobody asked where the run comes from. ``baselines`` says in
    words what the run was held against, ``baselines_folder`` where that is, as a whole path.
    ``reference_ns`` is the speed probe's time to which figures are corrected. ``bodies`` holds
    digests of the tests' code by their ids, where the run is to be stored. ``looks`` counts the
    looks that were taken after the last test, in ``looks_s`` seconds; ``faults`` are the plugin's.
    ``hosts`` are those that ran tests, where several did or another one than the user's;
    ``environment`` and the like are those of the first. ``counted`` is what counters showed over
    the whole run, looks left out.
    ``intensity`` is the pinned one of gates and budgets; ``live`` (the grid's present one, where
    it was asked for and given), ``pue`` and ``embodied`` count in reports only.
    """

    @cached_property
    def _by_kind(self) -> dict[Kind, tuple[SubjectResult, ...]]:
        return {}

    def of(self, kind: Kind) -> tuple[SubjectResult, ...]:
        """The subjects of one kind, in the order in which they ran."""
        if kind not in self._by_kind:
            self._by_kind[kind] = tuple(s for s in self.subjects if s.subject.kind is kind)
        return self._by_kind[kind]

    @cached_property
    def total(self) -> Measurement | None:
        """The whole run: tests, fixtures, collection, pytest; without the plugin's own looks.

        Of a counter it is what that showed, as windows of workers overlap.
        """
        total = self.rows_total
        if total is None or not self.counted or self.hosts:
            return total
        shown = {one.domain: one for one in self.counted}
        energies = tuple(
            energy
            if energy.domain not in shown
            else energy._replace(
                dynamic_j=shown[energy.domain].run_j, idle_j=shown[energy.domain].idle_j
            )
            for energy in total.energies
        )
        return total._replace(energies=energies)

    @cached_property
    def rows_total(self) -> Measurement | None:
        """The sum of the rows that are in the total."""
        return sum_of(s.total for s in self.subjects if s.subject.kind not in NOT_IN_TOTAL)

    @cached_property
    def tests_total(self) -> Measurement | None:
        """All tests together; ``None`` where there are none."""
        return sum_of(s.total for s in self.of(Kind.TEST))

    @cached_property
    def looks_total(self) -> Measurement | None:
        """What this plugin's looks and look-ups took, which is in no total."""
        return sum_of(s.total for s in self.of(Kind.LOOKS))

    @property
    def own_wall_s(self) -> float:
        """The wall time of the run without the looks."""
        return max(0.0, self.wall_s - self.looks_s)

    @cached_property
    def accounting(self) -> Accounting:
        """What turns joules into reported grams."""
        return Accounting(
            pinned=self.intensity, live=self.live, pue=self.pue, embodied=self.embodied
        )

    @cached_property
    def emissions_g(self) -> float | None:
        """The whole run's reported grams of CO2e; ``None`` where its energy is not known."""
        return None if self.total is None else self.accounting.emissions_g(self.total.energy_j)

    @cached_property
    def equivalents(self) -> tuple[Equivalent, ...]:
        """What the run's grams compare with; nothing where they are not known."""
        if self.emissions_g is None:
            return ()
        from pytest_carbon.intensity.equivalents import equivalents

        return equivalents(self.emissions_g)

    @cached_property
    def elsewhere(self) -> Elsewhere | None:
        """The same run on other grids; ``None`` where its energy is not known."""
        if self.total is None or self.total.energy_j is None:
            return None
        from pytest_carbon.intensity.elsewhere import elsewhere

        return elsewhere(self.total.energy_j * self.pue.factor)

    def sci_of(self, subject: SubjectResult) -> SciScore | None:
        """The SCI score of one subject; ``None`` where its energy is not known.

        xdist workers hold the machine together, so each reserves its part of the seconds.
        """
        reserved_s = subject.total.wall_s / max(1, self.workers)
        return self.accounting.sci(
            subject.total, per=subject.subject.kind.value, reserved_s=reserved_s
        )

    @cached_property
    def sci(self) -> SciScore | None:
        """The SCI score of the whole run; ``None`` where its energy is not known."""
        if self.total is None:
            return None
        return self.accounting.sci(self.total, per="run", reserved_s=self.own_wall_s)

    @cached_property
    def sci_per_test(self) -> SciScore | None:
        """The mean SCI score of a test; ``None`` for no test, or where its energy is not known."""
        total = self.tests_total
        if total is None:
            return None
        reserved_s = total.wall_s / max(1, self.workers)
        count = len(self.of(Kind.TEST))
        return self.accounting.sci(total, per="test", reserved_s=reserved_s, count=count)

    def by_environment(self) -> list[RunResult]:
        """The run as one of each environment that took part: figures of two are never compared."""
        groups: dict[Environment, list[HostFacts]] = {}
        for host in self.hosts:
            groups.setdefault(host.environment, []).append(host)
        if len(groups) < 2:
            return [self]
        return [self._part(hosts) for hosts in groups.values()]

    def _part(self, hosts: list[HostFacts]) -> RunResult:
        names = {host.name for host in hosts}
        subjects = tuple(s for s in self.subjects if s.host in names)
        outcomes = {s.subject.id: s.test_outcome for s in subjects if s.subject.kind is Kind.TEST}
        first = hosts[0]
        return self._replace(
            environment=first.environment,
            meters=first.meters,
            clock=first.clock,
            baselines=first.baselines,
            reference_ns=first.reference_ns,
            subjects=subjects,
            workers=len({s.worker for s in subjects}),
            hosts=tuple(hosts),
            counted=(),
            course=self.course._replace(outcomes={**self.course.outcomes, **outcomes}),
        )

    def costliest(self, kind: Kind, count: int) -> list[SubjectResult]:
        """The ``count`` subjects of a kind with the most energy, costliest first."""
        known = [s for s in self.of(kind) if s.total.energy_j is not None]
        return sorted(known, key=lambda s: -(s.total.energy_j or 0.0))[:count]

    @cached_property
    def outcomes(self) -> Counter[Outcome]:
        """How many subjects have which verdict."""
        return Counter(s.verdict.outcome for s in self.subjects if s.verdict is not None)

    def with_outcome(self, outcome: Outcome) -> list[SubjectResult]:
        """The subjects with one verdict, in the order in which they ran."""
        return [s for s in self.subjects if s.verdict and s.verdict.outcome is outcome]
