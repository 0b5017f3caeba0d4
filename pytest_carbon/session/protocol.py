"""The protocol of one test: run once, as pytest does, and judged before its call is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.ledger import Account
from pytest_carbon.measurement import Kind, Phase, Subject
from pytest_carbon.result import SubjectResult
from pytest_carbon.session.failure_report import fail
from pytest_carbon.session.names import test_id
from pytest_carbon.session.other_runners import OtherRunners
from pytest_carbon.session.phases import run_phases
from pytest_carbon.session.test_results import UNKNOWN, Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.session.costs import Costs
    from pytest_carbon.session.deliver import Destination
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.limits import TestLimits
    from pytest_carbon.session.phases import Passed
    from pytest_carbon.session.recorder import Recorder
    from pytest_carbon.session.test_results import TestResults

__all__ = ["Protocol"]


class Protocol:
    """Runs tests, and hands their results and the reports of suspects on to ``destination``."""

    def __init__(
        self,
        *,
        recorder: Recorder,
        judge: Judge,
        limits: TestLimits,
        results: TestResults,
        destination: Destination,
    ) -> None:
        self._recorder = recorder
        self._judge = judge
        self._limits = limits
        self._results = results
        self._destination = destination
        self._others: OtherRunners | None = None
        self._elsewhere: _Elsewhere | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find out whether other plugins run tests, too."""
        others = OtherRunners(session.config, self)
        self._others = others if others.exist else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a test as pytest does, but judge it before its call is reported."""
        if self._limits.of(item).skip:
            return None
        if self._others is not None and self._run_elsewhere(self._others, item, nextitem):
            return True
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        recorder = self._recorder
        costs = recorder.begin(test_id(item))
        passed = run_phases(
            item,
            nextitem,
            end=recorder.end,
            sees_teardown=lambda report: self._deliver(item, costs, report, passed=False),
        )
        if passed is not None and not self._finish(item, costs, passed):
            passed.log(hook)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _finish(self, item: pytest.Item, costs: Costs, passed: Passed) -> bool:
        """Judge a test that passed; whether its reports have to wait for looks."""
        try:
            recorder = self._recorder
            recorder.note_memory(costs)
            facts = Facts.of(item, self._limits.of(item))
            if not self._results.decide_at_once(facts, costs):
                self._destination.deliver(
                    lambda: self._made(item, facts, costs, passed=True), passed.teardown
                )
                return False
            results = self._results.of(facts, costs, passed=True)
            if self._fail_at_once(item, results, passed):
                self._destination.deliver(lambda: results, passed.teardown)
                return False
            if any(self._is_open(result) for result in results):
                self._destination.hold(results, passed)
                return True
            self._destination.deliver(lambda: results, passed.teardown)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._recorder.give_up(error)
            lost = self._lost(item, passed=True)
            self._destination.deliver(lambda: lost, passed.teardown)
        return False

    def _made(
        self, item: pytest.Item, facts: Facts, costs: Costs, *, passed: bool
    ) -> Sequence[SubjectResult]:
        """The results of a test and its tasks, also after a fault of ours."""
        try:
            return self._results.of(facts, costs, passed=passed)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._recorder.give_up(error)
            return self._lost(item, passed=passed)

    def _lost(self, item: pytest.Item, *, passed: bool) -> list[SubjectResult]:
        """What is left to say after a fault of ours: the figure is unknown, and in no budget."""
        budget = self._limits.of(item).budget
        limit_j = None if budget is None else budget.energy_j(self._judge.intensity.g_per_kwh)
        verdict = Verdict(
            outcome=Outcome.INCONCLUSIVE, now_j=None, limit_j=limit_j, reason="not measured"
        )
        return [
            SubjectResult(
                subject=Subject(Kind.TEST, test_id(item)),
                phases={},
                total=UNKNOWN,
                budget_j=limit_j,
                verdict=verdict if passed else None,
                worker=self._recorder.worker,
            )
        ]

    def _is_open(self, result: SubjectResult) -> bool:
        return result.verdict is None and self._judge.is_open(result)

    def _fail_at_once(
        self, item: pytest.Item, results: list[SubjectResult], passed: Passed
    ) -> bool:
        """Fail a test for what no look can change: no baseline, creep, an unknown figure."""
        failing = [r for r in results if r.verdict is not None and self._judge.fails(r.verdict)]
        if not failing:
            return False
        fail(passed.call, item.config, results[0], failing, self._judge)
        return True

    def _deliver(
        self, item: pytest.Item, costs: Costs, report: pytest.TestReport | None, *, passed: bool
    ) -> None:
        """Hand on the results of a test whose reports do not wait for them."""
        if not costs.accounts and self._recorder.fault is None:
            return
        try:
            self._recorder.note_memory(costs)
            facts = Facts.of(item, self._limits.of(item))
            self._destination.deliver(lambda: self._made(item, facts, costs, passed=passed), report)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._recorder.give_up(error)
            lost = self._lost(item, passed=passed)
            self._destination.deliver(lambda: lost, report)

    def _run_elsewhere(
        self, others: OtherRunners, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool:
        """Let another plugin run a test, and measure what it does; whether there was one."""
        recorder = self._recorder
        overhead = Account()
        self._elsewhere = _Elsewhere(item, recorder.begin(test_id(item)), overhead)
        with recorder.charging(overhead):
            ran = others.run(item, nextitem)
        elsewhere, self._elsewhere = self._elsewhere, None
        recorder.end()
        if ran and not elsewhere.delivered:
            self._deliver_elsewhere(elsewhere, None)
        if elsewhere.costs.accounts.get(Phase.CALL) is not overhead:
            recorder.overhead(overhead)
        return ran

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Another plugin begins a test anew: what was before did not count."""
        elsewhere = self._elsewhere
        if elsewhere is not None and elsewhere.costs.accounts:
            if not elsewhere.delivered:
                self._recorder.set_aside(elsewhere.costs)
            elsewhere.costs = self._recorder.begin(test_id(elsewhere.item))
            elsewhere.delivered = elsewhere.passed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Attach the figures of a test that another plugin runs to its last report."""
        elsewhere = self._elsewhere
        if elsewhere is None or report.nodeid != elsewhere.item.nodeid:
            return
        if report.when == "call":
            elsewhere.passed = report.passed and not hasattr(report, "wasxfail")
        elif report.when == "teardown":
            elsewhere.passed = elsewhere.passed and report.passed
            self._deliver_elsewhere(elsewhere, report)

    def _deliver_elsewhere(self, elsewhere: _Elsewhere, report: Any) -> None:
        self._recorder.settle()
        costs = elsewhere.costs
        if not costs.accounts:
            # Its phases ran in a process of their own (pytest-forked).
            costs.accounts[Phase.CALL] = elsewhere.overhead
        elsewhere.delivered = True
        self._deliver(elsewhere.item, costs, report, passed=elsewhere.passed)


class _Elsewhere:
    """A test that another plugin runs: the costs of its present attempt, and what became of it."""

    def __init__(self, item: pytest.Item, costs: Costs, overhead: Account) -> None:
        self.item = item
        self.costs = costs
        self.overhead = overhead
        self.passed = False
        self.delivered = False
