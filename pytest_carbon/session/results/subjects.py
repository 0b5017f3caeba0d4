"""The results of a run, subject by subject, as they come from the processes that run tests."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result.subject import SubjectResult
from pytest_carbon.session.measure.recorder import EARLIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from pytest_carbon.intensity.accounting import Accounting
    from pytest_carbon.result.subject import Key
    from pytest_carbon.session.results.outcome import OutcomeKeeper

__all__ = ["Results"]


class Results:
    """One result a subject; a test's tasks know the test that they are in.

    ``outcome`` tells what became of tests. With ``accounting`` set, figures are added to reports as
    JUnit properties, for so many ``workers``.
    """

    def __init__(self, outcome: OutcomeKeeper) -> None:
        self.accounting: Accounting | None = None
        self.workers = 0
        self.tests: dict[Subject, str] = {}
        self._outcome = outcome
        self._subjects: dict[Key, SubjectResult] = {}
        self._pending: deque[Callable[[], Sequence[SubjectResult]]] = deque()

    def __iter__(self) -> Iterator[SubjectResult]:
        """All subjects, in the order in which they came."""
        return iter(self._subjects.values())

    def later(self, results: Callable[[], Sequence[SubjectResult]]) -> None:
        """Take a test whose arithmetic can wait."""
        self._pending.append(results)

    def take_pending(self) -> None:
        """Do the arithmetic that has waited; where one raises, the others still wait."""
        while self._pending:
            self.add_test(self._pending.popleft()(), None)

    def add_test(self, results: Sequence[SubjectResult], report: pytest.TestReport | None) -> None:
        """Take a test and its tasks; ``report`` is its last one, where that is not logged yet."""
        test, *tasks = results
        self.add(test, report)
        for task in tasks:
            self.tests[task.subject] = test.subject.id
            self.add(task, report)

    def add(self, result: SubjectResult, report: pytest.TestReport | None = None) -> None:
        """Take one subject; a later one of the same name joins it (xdist's ``each`` repeats)."""
        key = result.key
        known = self._subjects.get(key)
        if known is None or result.subject.kind is Kind.TASK:
            self._subjects[key] = result
        elif result.subject.kind is Kind.TEST:
            # One row, one measurement: what the test cost before has a row of its own.
            earlier = Subject(Kind.RUNNER, EARLIER)
            self.add(SubjectResult(subject=earlier, total=known.total, host=known.host))
            self._subjects[key] = result._replace(times=known.times + 1)
        else:
            self._subjects[key] = known._replace(
                total=known.total.plus(result.total), times=known.times + result.times
            )
        if self.accounting is not None and report is not None:
            self._add_properties(result, report, self.accounting)

    def put(self, result: SubjectResult) -> None:
        """Replace what is known of a subject."""
        self._subjects[result.key] = result

    def families(self) -> list[list[SubjectResult]]:
        """Each test with its tasks behind it."""
        families: dict[tuple[str, str], list[SubjectResult]] = {}
        for result in self:
            if result.subject.kind is Kind.TEST:
                families[result.host, result.subject.id] = [result]
            elif result.subject.kind is Kind.TASK:
                test = result.host, self.tests[result.subject]
                families.setdefault(test, []).append(result)
        return list(families.values())

    def outcome_of(self, result: SubjectResult) -> str:
        """Pytest's outcome of a test, or of a task's test; empty for other subjects."""
        if result.subject.kind is Kind.TEST:
            return self._outcome.outcome_of(result.subject.id, result.host)
        test = self.tests.get(result.subject)
        return "" if test is None else self._outcome.outcome_of(test, result.host)

    def with_outcomes(self) -> tuple[SubjectResult, ...]:
        """All subjects, with pytest's outcomes, in the place of those without: no test twice."""
        for key, result in self._subjects.items():
            outcome = self.outcome_of(result)
            if outcome and outcome != result.test_outcome:
                self._subjects[key] = result._replace(test_outcome=outcome)
        return tuple(self._subjects.values())

    def _add_properties(
        self, result: SubjectResult, report: pytest.TestReport, accounting: Accounting
    ) -> None:
        from pytest_carbon.report.junit import task_properties, test_properties

        total = result.total
        emissions_g = accounting.emissions_g(total.energy_j)
        if result.subject.kind is Kind.TASK:
            test = self.tests[result.subject]
            report.user_properties += task_properties(result, test, emissions_g)
            return
        sci = accounting.sci(total, per="test", reserved_s=total.wall_s / max(1, self.workers))
        report.user_properties += test_properties(result, emissions_g, sci)
        if result.host:
            report.user_properties.append(("carbon.host", result.host))
