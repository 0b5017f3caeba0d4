"""The protocol of one test: run once, as pytest does, and judged before its call is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.hooks import Hooks
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result.subject import SubjectResult
from pytest_carbon.session.failure_report import fail
from pytest_carbon.session.measure.disk_use import DiskUse
from pytest_carbon.session.runtest.elsewhere import Elsewhere
from pytest_carbon.session.runtest.other_runners import OtherRunners
from pytest_carbon.session.runtest.phases import reraised, run_phases
from pytest_carbon.session.runtest.test_results import UNKNOWN, Facts
from pytest_carbon.session.subject_ids import test_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.session.handover import Destination, Passed
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.limits import TestLimits
    from pytest_carbon.session.markers import Limits
    from pytest_carbon.session.measure.costs import Costs
    from pytest_carbon.session.measure.recorder import Recorder
    from pytest_carbon.session.runtest.test_results import TestResults

__all__ = ["Protocol"]


class Waiting:
    """A test whose results are made when they are asked for; small, as there is one a test."""

    __slots__ = ("_costs", "_item", "_passed", "_protocol")

    def __init__(
        self, protocol: Protocol, item: pytest.Item, costs: Costs, *, passed: bool
    ) -> None:
        self._protocol, self._item, self._costs, self._passed = protocol, item, costs, passed

    def __call__(self) -> Sequence[SubjectResult]:
        """The test's own result, and then its tasks'."""
        return self._protocol.made(self._item, self._costs, passed=self._passed)


class Protocol(Hooks):
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
        self._elsewhere: Elsewhere | None = None
        self._reraise: tuple[type[BaseException], ...] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find out whether other plugins run tests, too."""
        self._reraise = reraised(session.config)
        others = OtherRunners(session.config, self)
        if others.exist:
            self._elsewhere = Elsewhere(others, self._recorder, self.deliver)
            session.config.pluginmanager.register(self._elsewhere, "carbon-elsewhere")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a test as pytest does, but judge it before its call is reported."""
        limits = self._limits.of(item)
        if limits.skip:
            return None
        if self._elsewhere is not None and self._elsewhere.run(item, nextitem):
            return True
        hook, nodeid, location = item.ihook, item.nodeid, item.location
        hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
        recorder, test = self._recorder, test_id(item)
        before = DiskUse.now() if self._judge.watches_disk(test) else None
        costs = recorder.begin(test)
        passed = run_phases(
            item,
            nextitem,
            hook,
            reraise=self._reraise,
            end=recorder.end,
            waits=lambda: self._can_fail(limits, test, costs),
            sees_teardown=lambda report, passed: self.deliver(item, costs, report, passed=passed),
        )
        if before is not None:
            costs.blocks_written = DiskUse.now().since(before).blocks_written
        if passed is not None and not self._finish(item, test, costs, passed):
            passed.log()
        hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)
        return True

    def _can_fail(self, limits: Limits, test: str, costs: Costs) -> bool:
        """Whether a figure may fail a test whose call has passed."""
        try:
            return self._results.decide_at_once(test, limits, costs)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._recorder.give_up(error)
            return True

    def _finish(self, item: pytest.Item, test: str, costs: Costs, passed: Passed) -> bool:
        """Judge a test that passed; whether its reports have to wait for looks."""
        try:
            self._recorder.note_memory(costs)
            facts = Facts.of(item, test, self._limits.of(item))
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

    def made(self, item: pytest.Item, costs: Costs, *, passed: bool) -> Sequence[SubjectResult]:
        """The results of a test and its tasks, also after a fault of ours."""
        try:
            facts = Facts.of(item, test_id(item), self._limits.of(item))
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

    def deliver(
        self, item: pytest.Item, costs: Costs, report: pytest.TestReport | None, *, passed: bool
    ) -> None:
        """Hand on the results of a test whose reports do not wait for them."""
        if not costs.accounts and self._recorder.fault is None:
            return
        try:
            self._recorder.note_memory(costs)
            self._destination.deliver(Waiting(self, item, costs, passed=passed), report)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._recorder.give_up(error)
            lost = self._lost(item, passed=passed)
            self._destination.deliver(lambda: lost, report)
