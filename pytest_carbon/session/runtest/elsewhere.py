"""Tests that another plugin runs: measured by wrappers, and judged when all tests have run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.ledger import Account
from pytest_carbon.session.subject_ids import test_id

if TYPE_CHECKING:
    from pytest_carbon.session.measure.costs import Costs
    from pytest_carbon.session.measure.recorder import Recorder
    from pytest_carbon.session.runtest.other_runners import OtherRunners

__all__ = ["Elsewhere"]


class Deliver(Protocol):
    """Takes what a test has cost whose reports do not wait for it."""

    def __call__(
        self, item: pytest.Item, costs: Costs, report: pytest.TestReport | None, *, passed: bool
    ) -> None:
        """``report`` is the last one, ``None`` where that is logged already."""


class Elsewhere(Hooks):
    """Lets ``others`` run a test, attempt by attempt, and hands its figures to ``deliver``."""

    def __init__(self, others: OtherRunners, recorder: Recorder, deliver: Deliver) -> None:
        self._others = others
        self._recorder = recorder
        self._deliver = deliver
        self._running: _Running | None = None

    def run(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Let another plugin run a test, and measure what it does; whether there was one."""
        recorder = self._recorder
        overhead = Account()
        self._running = _Running(item, recorder.begin(test_id(item)), overhead)
        with recorder.charging(overhead):
            ran = self._others.run(item, nextitem)
        running, self._running = self._running, None
        recorder.end()
        if ran and not running.delivered:
            self._hand_on(running, None)
        if running.costs.call is not overhead:
            recorder.overhead(overhead)
        return ran

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Another plugin begins a test anew: what was before did not count."""
        running = self._running
        if running is not None and running.costs.accounts:
            if not running.delivered:
                self._recorder.note_earlier_run(running.costs)
            running.costs = self._recorder.begin(test_id(running.item))
            running.delivered = running.passed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Attach the figures to the test's last report."""
        running = self._running
        if running is None or report.nodeid != running.item.nodeid:
            return
        if report.when == "call":
            running.passed = report.passed and not hasattr(report, "wasxfail")
        elif report.when == "teardown":
            running.passed = running.passed and report.passed
            self._hand_on(running, report)

    def _hand_on(self, running: _Running, report: pytest.TestReport | None) -> None:
        self._recorder.settle()
        costs = running.costs
        if not costs.accounts:
            # Its phases ran in a process of their own (pytest-forked).
            costs.call = running.overhead
        running.delivered = True
        self._deliver(running.item, costs, report, passed=running.passed)


class _Running:
    """The test that runs: the costs of its present attempt, and what became of it."""

    def __init__(self, item: pytest.Item, costs: Costs, overhead: Account) -> None:
        self.item = item
        self.costs = costs
        self.overhead = overhead
        self.passed = False
        self.delivered = False
