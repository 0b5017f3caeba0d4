"""The finished result of a run: what every report renders and nothing recomputes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_carbon.environment import Environment
    from pytest_carbon.gate.verdict import Outcome, Verdict
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.measurement import Measurement, Subject

__all__ = ["RunResult", "SubjectResult", "sum_of"]


def sum_of(measurements: Iterable[Measurement]) -> Measurement | None:
    """All costs together; ``None`` for none at all."""
    items = list(measurements)
    return reduce(add, items) if items else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectResult:
    """One subject of a run: what it cost, phase by phase, and what the gate found.

    ``test_outcome`` is pytest's own (``passed``, ``failed``, …; empty for other subjects),
    ``times`` counts how often the subject ran (a session fixture runs once in each worker),
    ``repeats`` are further runs of a test in the same process, taken to be stored,
    ``budget_j`` is its ceiling in joules, ``path`` and ``line`` its place in the source,
    ``worker`` the xdist worker that ran it.
    """

    subject: Subject
    phases: Mapping[Phase, Measurement]
    total: Measurement
    test_outcome: str = ""
    times: int = 1
    verdict: Verdict | None = None
    repeats: tuple[Measurement, ...] = ()
    budget_j: float | None = None
    path: str = ""
    line: int | None = None
    worker: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A whole run.

    ``meters`` and ``clock`` say in words how the figures came about, ``unavailable`` what
    could not be measured and the remedy, ``notes`` what else the reader has to know.
    """

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
    _by_kind: dict[Kind, tuple[SubjectResult, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def of(self, kind: Kind) -> tuple[SubjectResult, ...]:
        """The subjects of one kind, in the order in which they ran."""
        if kind not in self._by_kind:
            self._by_kind[kind] = tuple(s for s in self.subjects if s.subject.kind is kind)
        return self._by_kind[kind]

    @cached_property
    def total(self) -> Measurement | None:
        """The whole run: tests, fixtures, collection, pytest; tasks are inside their tests."""
        return sum_of(s.total for s in self.subjects if s.subject.kind is not Kind.TASK)

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
