"""After the last test: confirms suspects by looks, and logs the reports that have waited."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.measurement import Kind
from pytest_carbon.tasks.names import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pytest

    from pytest_carbon.looks.answer import UnitAnswer
    from pytest_carbon.looks.invocation import Invocation
    from pytest_carbon.looks.order import LookOrder, Unit
    from pytest_carbon.looks.questions import Question, Tested
    from pytest_carbon.looks.taker import LookTaker
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result import SubjectResult
    from pytest_carbon.session.confirm.file_sums import FileSum
    from pytest_carbon.session.handover import Passed
    from pytest_carbon.session.judge import Judge

__all__ = ["Confirmation", "Held", "Looks", "as_tested"]


class Held(NamedTuple):
    """A suspect: its results, the test's own first, and its reports, which nobody has logged."""

    results: list[SubjectResult]
    passed: Passed


class Looks:
    """Takes looks by processes of this host, and counts them."""

    def __init__(self, invocation: Invocation) -> None:
        self.taken = 0
        self.spent_s = 0.0
        self._invocation = invocation
        self._elsewhere: dict[str, Any] = {}

    def note_worker(self, name: str, gateway: Any) -> None:
        """Remember how a worker of pytest-xdist is reached, where it runs on another host."""
        from pytest_carbon.looks.remote import is_elsewhere

        if is_elsewhere(gateway):
            self._elsewhere[name] = gateway

    def host_of(self, worker: str) -> str:
        """What tells hosts apart: empty for this one, else the worker's name."""
        return worker if worker in self._elsewhere else ""

    def take_on(self, host: str) -> Callable[[LookOrder, float | None], Mapping[Unit, UnitAnswer]]:
        """What takes looks on a host: where it was measured, it is measured again."""
        gateway = self._elsewhere.get(host)
        if gateway is None:
            return self.take
        from pytest_carbon.looks.remote import take_elsewhere

        elsewhere = take_elsewhere(gateway, self._invocation.arguments)
        return lambda order, until_s: self._counted(elsewhere, order, until_s)

    def take(self, order: LookOrder, until_s: float | None) -> Mapping[Unit, UnitAnswer]:
        """One look on this host."""
        from pytest_carbon.looks.process import take_look

        def here(order: LookOrder, until_s: float | None) -> Mapping[Unit, UnitAnswer]:
            return take_look(order, self._invocation, until_s=until_s)

        return self._counted(here, order, until_s)

    def _counted(
        self,
        take: Callable[[LookOrder, float | None], Mapping[Unit, UnitAnswer]],
        order: LookOrder,
        until_s: float | None,
    ) -> Mapping[Unit, UnitAnswer]:
        start_s = time.monotonic()
        self.taken += 1
        try:
            return take(order, until_s)
        finally:
            self.spent_s += time.monotonic() - start_s


def as_tested(judge: Judge, tests: Sequence[SubjectResult]) -> Tested:
    """What has to run to measure one test again, or some short ones of a file."""
    from pytest_carbon.looks.questions import Tested

    return Tested(
        tests=tuple(test.subject.id for test in tests),
        sensitivities=tuple(judge.sensitivity(test.subject) for test in tests),
        wall_s=sum(test.total.wall_s for test in tests),
    )


class Confirmation:
    """Brings what is open before the judge, with the looks that it asks for.

    ``taker`` takes them; where none can be taken, it is the reason in words.
    """

    def __init__(
        self, config: pytest.Config, judge: Judge, taker: LookTaker | str, looks: Looks | None
    ) -> None:
        self._config = config
        self._judge = judge
        self._taker = taker
        self._looks = looks

    def judged(
        self,
        tests: Sequence[Sequence[SubjectResult]],
        sums: Sequence[FileSum],
        stop: str = "",
    ) -> dict[Subject, Verdict]:
        """The verdicts on all that is open: in tests, given with their tasks, and in files' sums.

        ``stop`` says why no look is taken.
        """
        by_host: dict[str, list[tuple[Subject, Question]]] = {}
        for worker, subject, question in (*self._about_tests(tests), *self._about_sums(sums)):
            host = "" if self._looks is None else self._looks.host_of(worker)
            by_host.setdefault(host, []).append((subject, question))
        found: dict[Subject, Verdict] = {}
        for host, asked in by_host.items():
            verdicts = self._answers([question for _, question in asked], stop, host)
            for (subject, _), verdict in zip(asked, verdicts, strict=True):
                known = found.get(subject)
                if known is None or _weight(verdict, self._judge) > _weight(known, self._judge):
                    found[subject] = verdict
        return found

    def _about_tests(
        self, tests: Sequence[Sequence[SubjectResult]]
    ) -> Iterable[tuple[str, Subject, Question]]:
        for test, *tasks in tests:
            tested = as_tested(self._judge, [test])
            for result in (test, *tasks):
                if result.verdict is not None or not self._judge.is_open(result):
                    continue
                task = None
                if result.subject.kind is Kind.TASK:
                    from pytest_carbon.looks.order import AskedTask

                    path = result.subject.id.removeprefix(test.subject.id).removeprefix(SEPARATOR)
                    task = AskedTask(path, self._judge.sensitivity(result.subject))
                for question in self._judge.questions(result, tested, task):
                    yield test.worker, result.subject, question

    def _about_sums(self, sums: Sequence[FileSum]) -> Iterable[tuple[str, Subject, Question]]:
        for one in sums:
            if one.is_open:
                tested = as_tested(self._judge, one.chosen)
                yield one.chosen[0].worker, one.subject, one.question(tested)

    def _answers(self, questions: Sequence[Question], stop: str, host: str) -> list[Verdict]:
        policy = self._judge.policy
        if not stop and not policy.confirm_time_s:
            stop = "not measured again (--carbon-confirm-time=0)"
        if not stop and isinstance(self._taker, str):
            stop = f"not measured again: {self._taker}"
        if stop or isinstance(self._taker, str):
            return [question.unanswered((), stop) for question in questions]
        from pytest_carbon.looks.confirm import confirm

        taker = self._taker
        if self._looks is not None and host:
            taker = taker._replace(take=self._looks.take_on(host))
        return confirm(
            questions,
            taker,
            confirm_time_s=policy.confirm_time_s,
            bounded=not policy.thorough,
        )

    def given_up(
        self, tests: Sequence[Sequence[SubjectResult]], reason: str, *, is_fault: bool = False
    ) -> dict[Subject, Verdict]:
        """Inconclusive, for a ``reason``, on all that is open in tests.

        After a fault of ours a figure over its budget counts as unknown, which fails it.
        """
        return {
            result.subject: Verdict(
                outcome=Outcome.INCONCLUSIVE,
                now_j=None if is_fault and result.budget_j is not None else result.total.energy_j,
                limit_j=result.budget_j,
                reason=reason,
            )
            for results in tests
            for result in results
            if result.verdict is None and self._judge.is_open(result)
        }

    def with_verdicts(self, held: Held, verdicts: Mapping[Subject, Verdict]) -> list[SubjectResult]:
        """A suspect's results with the verdicts on them."""
        return [
            result
            if result.verdict is not None
            else result._replace(verdict=verdicts.get(result.subject))
            for result in held.results
        ]

    def release(self, held: Held, results: Sequence[SubjectResult]) -> None:
        """Fail a suspect's report by those verdicts on its results that fail it."""
        failing = [r for r in results if r.verdict is not None and self._judge.fails(r.verdict)]
        if failing:
            from pytest_carbon.session.failure_report import fail

            fail(held.passed.call, self._config, results[0], failing, self._judge)


def _weight(verdict: Verdict, judge: Judge) -> int:
    """Of two verdicts on a subject, on its baseline and its budget, the weightier one counts."""
    if judge.fails(verdict):
        return 2
    return int(verdict.outcome is Outcome.INCONCLUSIVE)
