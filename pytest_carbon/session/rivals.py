"""Tests whose protocol another plugin runs: judged there, too, but not confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.session.ownership import belongs_to_another_plugin

if TYPE_CHECKING:
    from pytest_carbon.session.costs import Costs
    from pytest_carbon.session.protocol import Protocol

__all__ = ["RivalProtocols"]


class RivalProtocols:
    """Measures and judges the tests that ``Protocol`` leaves to others.

    Registered only where there are any, since its hook is called three times a test. Under
    pytest-rerunfailures a test that burns too much is run again, which is its second look.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._costs: Costs | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        """A test of anybody's begins; ``Protocol`` begins anew for its own."""
        self._costs = self._protocol.recorder.begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """Judge a call where its report is made: the last chance before others log it."""
        report: pytest.TestReport = yield
        costs = self._costs
        if costs is None or not belongs_to_another_plugin(item):
            return report
        if report.when == "call":
            passed = report if report.passed and not hasattr(report, "wasxfail") else None
            self._protocol.finish(item, costs, passed, report)
        elif report.when == "teardown":
            self._costs = self._protocol.recorder.begin()
        return report

    def pytest_runtest_logfinish(self) -> None:
        """The test is over, with all its reruns."""
        self._costs = None
        self._protocol.recorder.end()
