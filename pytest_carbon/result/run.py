"""A whole run."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_carbon.intensity.accounting import Accounting
from pytest_carbon.intensity.pue import NO_PUE
from pytest_carbon.measurement import Kind, sum_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.result.facts import Course
from pytest_carbon.result.subject import NOT_IN_TOTAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.environment import Environment
    from pytest_carbon.gate.verdict import Outcome
    from pytest_carbon.intensity.elsewhere import Elsewhere
    from pytest_carbon.intensity.embodied import Embodied
    from pytest_carbon.intensity.equivalents import Equivalent
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.pue import Pue
    from pytest_carbon.intensity.sci import SciScore
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.facts import Counted, Fault, HostFacts, Origin
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["RunResult"]


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
    code_digests: Mapping[str, str] = MappingProxyType({})
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
    ``reference_ns`` is the speed probe's time to which figures are corrected. ``code_digests``
    holds digests of the tests' code by their ids, where the run is to be stored. ``looks`` counts
    the looks that were taken after the last test, in ``looks_s`` seconds; ``faults`` are the
    plugin's. ``hosts`` are those that ran tests, where several did or another one than the user's;
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
        return self.outcomes_of(*Kind)

    def outcomes_of(self, *kinds: Kind) -> Counter[Outcome]:
        """How many subjects of these kinds have which verdict."""
        return Counter(
            s.verdict.outcome
            for s in self.subjects
            if s.verdict is not None and s.subject.kind in kinds
        )

    def with_outcome(self, outcome: Outcome) -> list[SubjectResult]:
        """The subjects with one verdict, in the order in which they ran."""
        return [s for s in self.subjects if s.verdict and s.verdict.outcome is outcome]
