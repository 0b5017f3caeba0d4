"""From the accounts of one test to its results: its own, and those of its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, Measurement, Subject, sum_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.result.subject import NO_PHASES, SubjectResult
from pytest_carbon.session.markers import Limits
from pytest_carbon.session.measure.costs import Part
from pytest_carbon.tasks.book import OTHERS
from pytest_carbon.tasks.names import subject_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from pytest_carbon.measurement import Phase
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.measure.costs import Costs
    from pytest_carbon.session.measure.recorder import Recorder
    from pytest_carbon.tasks.book import TaskRow

__all__ = ["Facts", "TestResults"]

# pytest-benchmark runs a function as often as it fits into a second: what that costs is no
# property of the code.
_REPEATS_BY_ITSELF = "benchmark"


class Facts(NamedTuple):
    """What is known of a test beside its costs: its name, its place and its limits."""

    subject: Subject
    path: str
    line: int | None
    limits: Limits
    ungated: str = ""

    @classmethod
    def of(cls, item: pytest.Item, test: str, limits: Limits) -> Facts:
        """The facts of a collected test, whose id is ``test``."""
        path, line, _ = item.location
        repeats = _REPEATS_BY_ITSELF in getattr(item, "fixturenames", ())
        return cls(
            subject=Subject(Kind.TEST, test),
            path=path,
            line=None if line is None else line + 1,
            limits=limits,
            ungated=f"uses the fixture {_REPEATS_BY_ITSELF}" if repeats else "",
        )


class TestResults:
    """Makes the results of tests, with the verdicts that one run can give."""

    __test__ = False

    def __init__(self, recorder: Recorder, judge: Judge) -> None:
        self._recorder = recorder
        self._judge = judge

    def decide_at_once(self, test: str, limits: Limits, costs: Costs) -> bool:
        """Whether a figure decides anything; where none does, its arithmetic can wait."""
        judge = self._judge
        if limits.budget is not None or judge.judges_all:
            return True
        gates = judge.gates and judge.has_baselines
        if not gates and costs.tasks is None:
            return False
        subject = Subject(Kind.TEST, test)
        if gates and judge.entry(subject) is not None:
            return True
        return any(
            row.budget is not None or (gates and judge.entry(_subject(subject, row)) is not None)
            for row in _rows(costs)
        )

    def of(self, facts: Facts, costs: Costs, *, passed: bool) -> list[SubjectResult]:
        """The test's own result and then its tasks', in the order in which they first ended.

        Those of a test that ``passed`` have a verdict, unless looks have to tell.
        """
        test = self._test(facts, costs)
        tasks = (self._task(test, facts.limits, costs, row) for row in _rows(costs))
        results = [test, *tasks]
        return [self._judged(result) for result in results] if passed else results

    def _judged(self, result: SubjectResult) -> SubjectResult:
        if result.subject.kind is Kind.TASK and result.subject.id.endswith(OTHERS):
            return result
        if self._judge.is_open(result):
            return result
        return result._replace(verdict=self._judge.verdict(result))

    def _test(self, facts: Facts, costs: Costs) -> SubjectResult:
        recorder = self._recorder
        sensitivity = self._judge.sensitivity(facts.subject)
        phases: Mapping[Phase, Measurement] = NO_PHASES
        total = recorder.prices.measure_call(costs, sensitivity)
        if total is None:
            phases = recorder.prices.measure(costs, sensitivity)
            total = sum_of(phases.values())
        if total is None or recorder.fault is not None:
            total = UNKNOWN if total is None else total._replace(missing=("the plugin",))
        return SubjectResult(
            subject=facts.subject,
            phases=phases,
            total=total,
            tolerance=facts.limits.tolerance,
            budget_j=self._judge.budget_j(facts.limits),
            ungated=facts.ungated,
            path=facts.path,
            line=facts.line,
            worker=recorder.worker,
            blocks_written=costs.blocks_written,
        )

    def _task(
        self, test: SubjectResult, of_test: Limits, costs: Costs, row: TaskRow
    ) -> SubjectResult:
        subject = _subject(test.subject, row)
        part = Part(row.path, self._judge.sensitivity(subject))
        prices = self._recorder.prices
        worst = None
        if row.worst is not None:
            worst = prices.cost(costs, part.sensitivity, part._replace(worst=True))
        tolerance = of_test.tolerance if row.tolerance is None else row.tolerance
        fault = costs.tasks.fault if costs.tasks is not None else ""
        return SubjectResult(
            subject=subject,
            total=prices.price(row.total, costs, row.wall_ns, part.sensitivity, row.doubt),
            own=prices.price(row.own, costs, row.wall_ns, part.sensitivity, row.doubt),
            times=row.times,
            tolerance=tolerance,
            budget_j=self._judge.budget_j(Limits(budget=row.budget)),
            worst_j=None if worst is None else worst.energy_j,
            path=test.path,
            line=test.line,
            worker=test.worker,
            notes=(*_notes(row), fault) if fault else _notes(row),
        )


UNKNOWN = Measurement(cpu_s=0.0, wall_s=0.0, work_s=0.0, energies=(), missing=("the plugin",))
"""The figure of a test that was not measured."""


def _rows(costs: Costs) -> list[TaskRow]:
    return [] if costs.tasks is None else list(costs.tasks.rows.values())


def _subject(test: Subject, row: TaskRow) -> Subject:
    return Subject(Kind.TASK, subject_id(test.id, row.path))


def _notes(row: TaskRow) -> tuple[str, ...]:
    notes = []
    if row.path == OTHERS:
        notes.append("this test has more tasks than are told apart; these are added up")
    if row.left_open:
        notes.append("it was left open, and ended with its test")
    if row.doubt:
        notes.append(f"unknown: {row.doubt}")
    return tuple(notes)
