"""After the last test: confirms suspects by looks, and logs the reports that have waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.measurement import Kind
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System
from pytest_carbon.tasks.names import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pytest

    from pytest_carbon.looks.answer import UnitAnswer
    from pytest_carbon.looks.invocation import Invocation
    from pytest_carbon.looks.order import LookOrder, Unit
    from pytest_carbon.looks.questions import Question, Tested
    from pytest_carbon.result.subject import Key, SubjectResult
    from pytest_carbon.session.confirm.file_sums import FileSum
    from pytest_carbon.session.handover import Passed
    from pytest_carbon.session.hosts.hosts import Host, Hosts
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

    def take_by(
        self, gateways: Callable[[], list[Any]]
    ) -> Callable[[LookOrder, float | None], Mapping[Unit, UnitAnswer]]:
        """What takes looks where these lead: where it was measured, it is measured again."""
        from pytest_carbon.looks.remote import take_elsewhere

        elsewhere = take_elsewhere(gateways)
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
        start_s = System.monotonic()
        self.taken += 1
        try:
            return take(order, until_s)
        finally:
            self.spent_s += System.monotonic() - start_s


def as_tested(judge: Judge, tests: Sequence[SubjectResult]) -> Tested:
    """What has to run to measure one test again, or some short ones of a file."""
    from pytest_carbon.looks.questions import Tested

    return Tested(
        tests=tuple(test.subject.id for test in tests),
        sensitivities=tuple(judge.sensitivity(test.subject) for test in tests),
        wall_s=sum(test.total.wall_s for test in tests),
    )


class Confirmation:
    """Brings what is open before the judge of its host, with the looks that it asks for."""

    def __init__(self, config: pytest.Config, hosts: Hosts) -> None:
        self._config = config
        self._hosts = hosts

    def judged(
        self,
        tests: Sequence[Sequence[SubjectResult]],
        sums: Sequence[FileSum],
        stop: str = "",
    ) -> dict[Key, Verdict]:
        """The verdicts on all that is open: in tests, given with their tasks, and in files' sums.

        ``stop`` says why no look is taken.
        """
        by_host: dict[str, list[tuple[SubjectResult, Question]]] = {}
        for result, question in (*self._about_tests(tests), *self._about_sums(sums)):
            by_host.setdefault(result.host, []).append((result, question))
        found: dict[Key, Verdict] = {}
        for asked in by_host.values():
            host = self._hosts.of(asked[0][0])
            verdicts = self._answers([question for _, question in asked], stop, host)
            for (result, _), verdict in zip(asked, verdicts, strict=True):
                known = found.get(result.key)
                if known is None or _weight(verdict, host.judge) > _weight(known, host.judge):
                    found[result.key] = verdict
        return found

    def _about_tests(
        self, tests: Sequence[Sequence[SubjectResult]]
    ) -> Iterable[tuple[SubjectResult, Question]]:
        for test, *tasks in tests:
            judge = self._hosts.of(test).judge
            tested = as_tested(judge, [test])
            for result in (test, *tasks):
                if result.verdict is not None or not judge.is_open(result):
                    continue
                task = None
                if result.subject.kind is Kind.TASK:
                    from pytest_carbon.looks.order import AskedTask

                    path = result.subject.id.removeprefix(test.subject.id).removeprefix(SEPARATOR)
                    task = AskedTask(path, judge.sensitivity(result.subject))
                for question in judge.questions(result, tested, task):
                    yield result, question

    def _about_sums(self, sums: Sequence[FileSum]) -> Iterable[tuple[SubjectResult, Question]]:
        for one in sums:
            if one.is_open:
                tested = as_tested(self._hosts.of(one.chosen[0]).judge, one.chosen)
                yield one.row(None), one.question(tested)

    def _answers(self, questions: Sequence[Question], stop: str, host: Host) -> list[Verdict]:
        policy, taker = host.judge.policy, host.taker
        if not stop and not policy.confirm_time_s:
            stop = "not measured again (--carbon-confirm-time=0)"
        if not stop and isinstance(taker, str):
            stop = f"not measured again: {taker}"
        if stop or isinstance(taker, str):
            return [question.unanswered((), stop) for question in questions]
        from pytest_carbon.looks.confirm import confirm

        return confirm(
            questions,
            taker,
            confirm_time_s=policy.confirm_time_s,
            bounded=not policy.thorough,
        )

    def given_up(
        self, tests: Sequence[Sequence[SubjectResult]], reason: str, *, is_fault: bool = False
    ) -> dict[Key, Verdict]:
        """Inconclusive, for a ``reason``, on all that is open in tests.

        After a fault of ours a figure over its budget counts as unknown, which fails it.
        """
        return {
            result.key: Verdict(
                outcome=Outcome.INCONCLUSIVE,
                now_j=None if is_fault and result.budget_j is not None else result.total.energy_j,
                limit_j=result.budget_j,
                reason=reason,
            )
            for results in tests
            for result in results
            if result.verdict is None and self._hosts.of(result).judge.is_open(result)
        }

    def with_verdicts(self, held: Held, verdicts: Mapping[Key, Verdict]) -> list[SubjectResult]:
        """A suspect's results with the verdicts on them."""
        return [
            result
            if result.verdict is not None
            else result._replace(verdict=verdicts.get(result.key))
            for result in held.results
        ]

    def release(self, held: Held, results: Sequence[SubjectResult]) -> None:
        """Fail a suspect's report by those verdicts on its results that fail it."""
        judge = self._hosts.of(results[0]).judge
        failing = [r for r in results if r.verdict is not None and judge.fails(r.verdict)]
        if failing:
            from pytest_carbon.session.failure_report import fail

            fail(held.passed.call, self._config, results[0], failing, judge)


def _weight(verdict: Verdict, judge: Judge) -> int:
    """Of two verdicts on a subject, on its baseline and its budget, the weightier one counts."""
    if judge.fails(verdict):
        return 2
    return int(verdict.outcome is Outcome.INCONCLUSIVE)
