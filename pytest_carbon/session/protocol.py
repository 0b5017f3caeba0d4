"""The protocol of one test: run as pytest does, judged before its call is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import call_and_report

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result import SubjectResult, sum_of
from pytest_carbon.session.failure import fail
from pytest_carbon.session.gather import Samples
from pytest_carbon.session.names import test_id
from pytest_carbon.session.ownership import belongs_to_another_plugin, has_rivals
from pytest_carbon.session.repeat import Again, saved_globs
from pytest_carbon.session.tasks import Tasks, explained_by
from pytest_carbon.session.verdicts import Case

if TYPE_CHECKING:
    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.measurement import Measurement, Phase
    from pytest_carbon.session.costs import Costs
    from pytest_carbon.session.deliver import Deliver
    from pytest_carbon.session.gather import Gatherer
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.limits import TestLimits
    from pytest_carbon.session.markers import Limits
    from pytest_carbon.session.recorder import Recorder
    from pytest_carbon.session.short import ShortTests
    from pytest_carbon.session.verdicts import Verdicts

__all__ = ["Protocol"]


class _LogIfRaised:
    """Pytest asks for its truth once the call's report is made: only a failure goes out at once."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs

    def __bool__(self) -> bool:
        return self._costs.raised


class Protocol:
    """Runs tests, has them judged, confirms suspects, and hands each result on.

    ``deliver`` takes a test's result and the report that it travels with, ``short`` what is too
    short to be judged alone. Where it does not gate, baselines are not held against tests, and
    ``gatherer`` takes samples of those that passed.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        judge: Judge,
        limits: TestLimits,
        verdicts: Verdicts,
        short: ShortTests,
        deliver: Deliver,
        gatherer: Gatherer,
        gates: bool = True,
    ) -> None:
        self.recorder = recorder
        self.judge = judge
        self._limits = limits
        self._verdicts = verdicts
        self._tasks = Tasks(recorder, judge, verdicts)
        self._short = short
        self._deliver = deliver
        self._gatherer = gatherer
        self._gates = gates
        self._has_rivals = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find out whether other plugins run tests, too."""
        self._has_rivals = has_rivals(session.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a test as pytest does, but judge it before its call is reported."""
        if self.recorder.fault is not None or self._limits.of(item).skip:
            return None
        if self._has_rivals and belongs_to_another_plugin(item):
            return None
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self._run(item, nextitem)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _run(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """The phases in the order and with the care of pytest's own ``runtestprotocol``.

        There, ``log`` is all or nothing; here the report of a passed call waits until the
        verdict on the whole test is known, and an interrupt in the tear-down does not lose it.
        """
        log = item.ihook.pytest_runtest_logreport
        privates: Any = item
        has_request = hasattr(item, "_request")
        if has_request and not privates._request:  # noqa: SLF001 - as pytest does
            privates._initrequest()  # noqa: SLF001
        globs = saved_globs(item)
        costs = self.recorder.begin()
        held: pytest.TestReport | None = None
        try:
            if call_and_report(item, "setup").passed:
                held = _call(item, costs)
            if item.session.shouldfail or item.session.shouldstop:
                nextitem = None
            at_once = bool(item.config.getoption("usepdb", False))
            teardown = call_and_report(item, "teardown", at_once, nextitem=nextitem)
            self.recorder.end()
            if costs.accounts:
                sensitivity = self.judge.sensitivity(Subject(Kind.TEST, test_id(item)))
                again = Again(item, self.recorder, sensitivity, globs, nextitem)
                teardown = self.finish(item, costs, held, teardown, again)
            if held is not None:
                report, held = held, None
                log(report=report)
            if not at_once:
                log(report=teardown)
        finally:
            self.recorder.end()
            if held is not None:
                log(report=held)
            if has_request:
                privates._request = False  # noqa: SLF001
                privates.funcargs = None

    def finish(
        self,
        item: pytest.Item,
        costs: Costs,
        passed: pytest.TestReport | None,
        last: pytest.TestReport,
        again: Again | None = None,
    ) -> pytest.TestReport:
        """Measure, judge and hand on; returns the report to send last.

        ``passed`` is the held report of a call that passed, ``again`` can run the test anew.
        """
        try:
            subject = Subject(Kind.TEST, test_id(item))
            limits = self._limits.of(item)
            sensitivity = self.judge.sensitivity(subject)
            verdict: Verdict | None = None
            on_tasks: dict[str, Verdict] = {}
            samples = Samples()
            phases: dict[Phase, Measurement] | None = None
            self.recorder.note_memory(costs)
            if passed is not None and self._needs_figure_now(subject, limits, costs):
                on_tasks = self._tasks.judged(subject, costs, limits, item=item, again=again)
                failing = self._tasks.failing(on_tasks)
                phases = self.recorder.measure(costs, sensitivity)
                total = sum_of(phases.values())
                if total is not None:
                    why = explained_by(failing)
                    verdict = self._verdicts.of(
                        Case(
                            subject=subject,
                            total=total,
                            limits=limits,
                            item=item,
                            again=again,
                            explained=why,
                            collected=costs.has_seen_full_collection,
                        )
                    )
                    if verdict is not None and verdict.outcome is Outcome.TOO_SMALL:
                        self._short.note(item, subject, total)
                samples = self._gatherer.of(item, again, total)
                if again is not None:
                    last = again.torn_down(last)
                if verdict is not None and self.judge.fails(verdict):
                    failing[""] = verdict
                if failing:
                    fail(passed, item, failing, self.judge.method, self.judge.intensity)
            location = item.location

            def result() -> list[SubjectResult]:
                test = self._result(
                    subject,
                    self.recorder.measure(costs, sensitivity) if phases is None else phases,
                    limits=limits,
                    location=location,
                    verdict=verdict,
                    samples=samples,
                    judged=passed is not None,
                )
                others = [costs for _, costs in samples.repeats]
                gates = self._gates and passed is not None
                tasks = self._tasks.results(
                    test, costs, on_tasks, others, limits=limits, gates=gates
                )
                return [test, *tasks]

            self._deliver(subject, result, last)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self.recorder.give_up(error)
        return last

    def _needs_figure_now(self, subject: Subject, limits: Limits, costs: Costs) -> bool:
        """Whether a figure decides anything; where none does, its arithmetic can wait."""
        if not self._gates or limits.budget is not None or self.judge.judges_all:
            return True
        if self.judge.entry(subject) is not None:
            return True
        return costs.tasks is not None and self._tasks.need_figures_now(subject, costs)

    def _result(
        self,
        subject: Subject,
        phases: dict[Phase, Measurement],
        *,
        limits: Limits,
        location: tuple[str, int | None, str],
        verdict: Verdict | None,
        samples: Samples,
        judged: bool,
    ) -> SubjectResult:
        total = sum_of(phases.values())
        assert total is not None, "only tests that cost something have a result"
        if verdict is None and judged and self._gates:
            verdict = self.judge.verdict(subject, total, limits)
        path, line, _ = location
        return SubjectResult(
            subject=subject,
            phases=phases,
            total=total,
            verdict=verdict,
            repeats=tuple(measurement for measurement, _ in samples.repeats),
            alone=samples.alone,
            disk_share=samples.disk_share,
            blocks_written=samples.blocks_written,
            budget_j=self.judge.budget_j(limits),
            path=path,
            line=None if line is None else line + 1,
            worker=self.recorder.worker,
        )


def _call(item: pytest.Item, costs: Costs) -> pytest.TestReport | None:
    """Run the test itself; returns its report if it passed, which then waits to be logged."""
    wait: Any = _LogIfRaised(costs)
    report = call_and_report(item, "call", wait)
    if costs.raised:
        return None
    if report.passed and not hasattr(report, "wasxfail"):
        return report
    item.ihook.pytest_runtest_logreport(report=report)
    return None
