"""The protocol of one test: run as pytest does, judged before its call is reported."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import call_and_report

from pytest_carbon.errors import SettingError
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result import SubjectResult, sum_of
from pytest_carbon.session.confirm import Confirmer
from pytest_carbon.session.failure import fail
from pytest_carbon.session.fresh import FreshProcesses, can_fork
from pytest_carbon.session.markers import Limits, read_limits
from pytest_carbon.session.names import test_id
from pytest_carbon.session.ownership import belongs_to_another_plugin, has_rivals
from pytest_carbon.session.repeat import Again, Repeater, saved_globs
from pytest_carbon.wire import measurement_from_plain, measurement_to_plain

if TYPE_CHECKING:
    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.measurement import Measurement, Phase
    from pytest_carbon.session.deliver import Deliver
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.quiet import Quiet
    from pytest_carbon.session.recorder import Costs, Recorder

__all__ = ["Protocol"]

_NO_LIMITS = Limits()


class _LogIfRaised:
    """Pytest asks for its truth once the call's report is made: only a failure goes out at once."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs

    def __bool__(self) -> bool:
        return self._costs.raised


class Protocol:
    """Runs tests, has them judged, confirms suspects, and hands each result on.

    ``deliver`` takes a test's result and the report that it travels with. ``repeats`` is how
    often each passed test runs again to be stored; suspects are not confirmed then. ``quiet``
    keeps other workers of this host still during a confirmation.
    """

    def __init__(
        self,
        recorder: Recorder,
        judge: Judge,
        deliver: Deliver,
        *,
        repeats: int = 0,
        gates: bool = True,
        quiet: Quiet | None = None,
    ) -> None:
        self.recorder = recorder
        self.judge = judge
        self.usage_error = ""
        self._deliver = deliver
        self._repeats = repeats
        self._gates = gates
        self._quiet = quiet
        self._limits: dict[str, Limits] = {}
        self._fresh: FreshProcesses | None = None
        self._session: pytest.Session | None = None
        self._places: dict[pytest.Item, int] = {}
        self._has_rivals = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Check every marker before any test runs."""
        self._has_rivals = has_rivals(session.config)
        try:
            for item in session.items:
                limits = read_limits(item)
                if limits != _NO_LIMITS:
                    self._limits[item.nodeid] = limits
        except SettingError as error:
            if not self.recorder.worker:
                raise pytest.UsageError(str(error)) from None
            # A worker that raises here is a crash to xdist; the controller says it instead.
            self.usage_error = str(error)
            session.items.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Fork the stem of fresh processes while no test has run yet."""
        if not (self._gates and self.judge.has_baselines and session.items and can_fork()):
            return
        if session.config.getoption("collectonly", False):
            return
        self._session = session
        self._places = {item: place for place, item in enumerate(session.items)}
        with contextlib.suppress(OSError):
            self._fresh = FreshProcesses.open(session.config, self._look)

    def pytest_sessionfinish(self) -> None:
        """Let the stem of fresh processes end."""
        if self._fresh is not None:
            self._fresh.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a test as pytest does, but judge it before its call is reported."""
        if self.recorder.fault is not None or self._limits_of(item).skip:
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
                again = Again(item, self.recorder, globs, nextitem)
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
            limits = self._limits_of(item)
            verdict: Verdict | None = None
            repeats: list[Measurement] = []
            phases: dict[Phase, Measurement] | None = None
            self.recorder.note_memory(costs)
            if passed is not None and self._needs_figure_now(subject, limits):
                phases = self.recorder.measure(costs)
                total = sum_of(phases.values())
                if total is not None and self._gates:
                    verdict = self._judge(item, subject, total, limits, again)
                elif again is not None:
                    repeats = self._gather(again)
                verdict = self.judge.over_budget(verdict, total, limits) or verdict
                if again is not None:
                    last = again.torn_down(last)
                if verdict is not None and verdict.outcome.fails:
                    fail(passed, item, verdict, self.judge.method, self.judge.intensity)
            location = item.location

            def result() -> SubjectResult:
                return self._result(
                    subject,
                    self.recorder.measure(costs) if phases is None else phases,
                    limits=limits,
                    location=location,
                    verdict=verdict,
                    repeats=repeats,
                    judged=passed is not None,
                )

            self._deliver(subject, result, last)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self.recorder.give_up(error)
        return last

    def _needs_figure_now(self, subject: Subject, limits: Limits) -> bool:
        """Whether the figure decides anything; where it does not, its arithmetic can wait."""
        return not self._gates or limits.budget is not None or self.judge.knows(subject)

    def _result(
        self,
        subject: Subject,
        phases: dict[Phase, Measurement],
        *,
        limits: Limits,
        location: tuple[str, int | None, str],
        verdict: Verdict | None,
        repeats: list[Measurement],
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
            repeats=tuple(repeats),
            budget_j=self.judge.budget_j(limits),
            path=path,
            line=None if line is None else line + 1,
            worker=self.recorder.worker,
        )

    def _judge(
        self,
        item: pytest.Item,
        subject: Subject,
        total: Measurement,
        limits: Limits,
        again: Again | None,
    ) -> Verdict | None:
        suspect = self.judge.suspect(subject, total, limits)
        if suspect is None:
            return self.judge.verdict(subject, total, limits)
        fresh = self._fresh
        timeout_s = suspect.policy.confirm_time_s

        def look(repeats: int) -> list[Measurement] | str:
            assert fresh is not None, "asked only where there is one"
            answer = fresh.look(self._places[item], repeats, timeout_s)
            if isinstance(answer, str):
                return answer
            return [measurement_from_plain(plain) for plain in answer]

        confirmer = Confirmer(
            repeat=again.run if again is not None and again.possible else None,
            fresh=None if fresh is None else look,
            alone=contextlib.nullcontext if self._quiet is None else self._quiet.alone,
        )
        with self.recorder.aside():
            return confirmer.verdict(suspect)

    def _gather(self, again: Again) -> list[Measurement]:
        """Repeats to be stored; none where the test does not pass again."""
        repeats: list[Measurement] = []
        if again.possible:
            with self.recorder.aside():
                for _ in range(self._repeats):
                    measurement = again.run()
                    if measurement is None:
                        return []
                    repeats.append(measurement)
        return repeats

    def _look(self, place: int, repeats: int) -> list[Any]:
        """In a fresh process: run one test, then its repeats, and answer with plain types."""
        assert self._session is not None, "set before the stem is forked"
        self.recorder.restart()
        item = self._session.items[place]
        repeater = Repeater(item, self.recorder.cost_of, saved_globs(item))
        answer: list[Any] = []
        for _ in range(1 + repeats):
            measurement = repeater.run()
            if measurement is None:
                raise RuntimeError("it did not pass")
            answer.append(measurement_to_plain(measurement))
        with contextlib.suppress(Exception):
            self._session._setupstate.teardown_exact(None)  # noqa: SLF001 - wide fixtures end
        return answer

    def _limits_of(self, item: pytest.Item) -> Limits:
        return self._limits.get(item.nodeid, _NO_LIMITS) if self._limits else _NO_LIMITS


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
