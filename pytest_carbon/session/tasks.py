"""The tasks of a test as subjects of their own: measured, judged, and stored like tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result import SubjectResult
from pytest_carbon.session.costs import Part
from pytest_carbon.session.markers import Limits
from pytest_carbon.session.verdicts import Case
from pytest_carbon.tasks.book import OTHERS
from pytest_carbon.tasks.names import SEPARATOR, subject_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.session.costs import Costs
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.recorder import Recorder
    from pytest_carbon.session.repeat import Again
    from pytest_carbon.session.verdicts import Verdicts
    from pytest_carbon.tasks.book import TaskRow

__all__ = ["Tasks"]


class Tasks:
    """Turns the rows of a test's book into results."""

    def __init__(self, recorder: Recorder, judge: Judge, verdicts: Verdicts) -> None:
        self._recorder = recorder
        self._judge = judge
        self._verdicts = verdicts

    def need_figures_now(self, test: Subject, costs: Costs) -> bool:
        """Whether any task's figure decides anything."""
        return any(
            row.budget is not None or self._judge.entry(_subject(test, row)) is not None
            for row in _rows(costs)
        )

    def judged(
        self,
        test: Subject,
        costs: Costs,
        limits: Limits,
        *,
        item: pytest.Item,
        again: Again | None,
    ) -> dict[str, Verdict]:
        """The verdicts of the tasks of a test that passed, by path; inner tasks first.

        ``limits`` are the test's: its tolerance holds for tasks that have none of their own.

        A task that rose with a failing one inside of it is not confirmed: it fails by that one.
        """
        verdicts: dict[str, Verdict] = {}
        for row in sorted(_rows(costs), key=lambda row: -row.path.count(SEPARATOR)):
            part = self._part(test, row)
            total = self._recorder.cost(costs, part.sensitivity, part)
            if row.path == OTHERS or total is None:
                continue
            inside = row.path + SEPARATOR
            failing = [path for path in self.failing(verdicts) if path.startswith(inside)]
            case = Case(
                subject=_subject(test, row),
                total=total,
                limits=_limits(row, limits),
                item=item,
                again=again,
                part=part,
                worst=self._recorder.cost(costs, part.sensitivity, replace(part, worst=True)),
                explained=explained_by(failing),
            )
            verdict = self._verdicts.of(case)
            if verdict is not None:
                verdicts[row.path] = verdict
        return verdicts

    def failing(self, verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
        """Those of the verdicts that fail the test, costliest first."""
        found = [item for item in verdicts.items() if self._judge.fails(item[1])]
        return dict(sorted(found, key=lambda item: -item[1].now_j))

    def results(
        self,
        test: SubjectResult,
        costs: Costs,
        verdicts: Mapping[str, Verdict],
        repeats: Sequence[Costs],
        *,
        limits: Limits,
        gates: bool,
    ) -> list[SubjectResult]:
        """One result a path, in the order in which they first ended.

        ``gates`` says whether those without a verdict have to get one.
        """
        found = []
        for row in _rows(costs):
            result = self._result(test, costs, row, repeats)
            verdict = verdicts.get(row.path)
            if verdict is None and gates:
                verdict = self._judge.verdict(result.subject, result.total, _limits(row, limits))
            fault = costs.tasks.fault if costs.tasks is not None else ""
            notes = (*result.notes, fault) if fault else result.notes
            found.append(replace(result, verdict=verdict, notes=notes))
        return found

    def _result(
        self, test: SubjectResult, costs: Costs, row: TaskRow, repeats: Sequence[Costs]
    ) -> SubjectResult:
        part = self._part(test.subject, row)
        recorder = self._recorder
        total = recorder.price(row.total, costs, row.wall_ns, part.sensitivity, row.doubt)
        again = [recorder.cost(other, part.sensitivity, part) for other in repeats]
        return SubjectResult(
            subject=_subject(test.subject, row),
            phases={},
            total=total,
            own=recorder.price(row.own, costs, row.wall_ns, part.sensitivity, row.doubt),
            times=row.times,
            repeats=tuple(m for m in again if m is not None) if None not in again else (),
            budget_j=self._judge.budget_j(_limits(row, Limits())),
            path=test.path,
            line=test.line,
            worker=test.worker,
            notes=tuple(_notes(row)),
        )

    def _part(self, test: Subject, row: TaskRow) -> Part:
        return Part(row.path, self._judge.sensitivity(_subject(test, row)))


def explained_by(failing: Iterable[str]) -> str:
    """Why something around failing tasks is not confirmed; empty where none fails."""
    for path in failing:
        return f"it rose with its task {path!r}, which fails the test"
    return ""


def _rows(costs: Costs) -> list[TaskRow]:
    return [] if costs.tasks is None else list(costs.tasks.rows.values())


def _subject(test: Subject, row: TaskRow) -> Subject:
    return Subject(Kind.TASK, subject_id(test.id, row.path))


def _limits(row: TaskRow, of_test: Limits) -> Limits:
    tolerance = of_test.tolerance if row.tolerance is None else row.tolerance
    return Limits(tolerance=tolerance, budget=row.budget)


def _notes(row: TaskRow) -> list[str]:
    notes = []
    if row.path == OTHERS:
        notes.append("this test has more tasks than are told apart; these are added up")
    if row.left_open:
        notes.append("it was left open, and ended with its test")
    if row.doubt:
        notes.append(f"unknown: {row.doubt}")
    return notes
