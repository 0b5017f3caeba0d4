"""In a worker of pytest-xdist: sends what it measures to the controller."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.session.hosts.introduction import HOST
from pytest_carbon.session.results.process import ProcessFigures
from pytest_carbon.wire import subject_to_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.handover import Passed
    from pytest_carbon.session.hosts.introduction import Introduction
    from pytest_carbon.session.results.outcome import Selection

__all__ = ["HELD", "WorkerLink"]

HELD = "carbon_held"
"""The attribute of a report that carries the reports of a suspect, and its results."""


class WorkerLink(Hooks):
    """Sends a test's figures with its last report, and all else when the session ends."""

    def __init__(
        self, config: pytest.Config, selection: Selection, introduction: Introduction | None = None
    ) -> None:
        self.process = ProcessFigures()
        self._selection = selection
        self._config: Any = config
        self._late: list[list[dict[str, Any]]] = []
        self._introduction = introduction
        self._is_known = introduction is None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Let the first report say where this is, so that a crash takes no figure's place away."""
        if not self._is_known and self._introduction is not None:
            self._is_known = True
            vars(report)[HOST] = self._introduction.to_text()

    def deliver(
        self, results: Callable[[], Sequence[SubjectResult]], report: pytest.TestReport | None
    ) -> None:
        """Attach results to the report that is about to be sent."""
        if report is None:
            self._late.append(_to_plain(results()))
        else:
            vars(report)["carbon"] = _to_plain(results())

    def hold(self, results: Sequence[SubjectResult], passed: Passed) -> None:
        """Send a suspect's reports inside a second report of its set-up.

        A worker may log reports of the running test only, and what has been sent survives a crash.
        A passed set-up with nothing in it is neutral to all that see it. Plugins in this process
        see the reports as they are by now, and no further one.
        """
        hook = self._config.hook
        waiting = [
            hook.pytest_report_to_serializable(config=self._config, report=report)
            for report in (passed.call, passed.teardown)
        ]
        carrier = copy.copy(passed.call)
        carrier.when, carrier.duration = "setup", 0.0
        carrier.sections, carrier.user_properties = [], []
        vars(carrier)[HELD] = {"reports": waiting, "results": _to_plain(results)}
        sender, others = self._who_hears(passed.hook)
        for report in (passed.call, passed.teardown):
            others(report=report)
        sender(report=carrier)

    def _who_hears(self, hook: Any) -> tuple[Any, Any]:
        """What logs a report to pytest-xdist, which sends it, and to all others of ``hook``."""
        manager = self._config.pluginmanager
        name = "pytest_runtest_logreport"
        everyone = {i.plugin for i in getattr(self._config.hook, name).get_hookimpls()}
        hears = {i.plugin for i in getattr(hook, name).get_hookimpls()}
        # It has no name, and its class is that of a script.
        sends = {plugin for plugin in hears if hasattr(plugin, "sendevent")}
        return (
            manager.subset_hook_caller(name, everyone - sends),
            manager.subset_hook_caller(name, everyone - hears | sends),
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave what is not a test's where xdist sends it from."""
        self._config.workeroutput["carbon"] = {
            "rows": _to_plain(self.process.rows()),
            "notes": self.process.notes(),
            "late": self._late,
            "faults": [fault._asdict() for fault in self.process.faults()],
            "usage_error": self.process.usage_error,
            "selection": self._selection.to_plain(),
            HOST: None if self._introduction is None else self._introduction.to_text(),
        }


def _to_plain(results: Iterable[SubjectResult]) -> list[dict[str, Any]]:
    """Results as types that execnet sends; JSON could be replaced by a test that runs."""
    return [subject_to_plain(result) for result in results]
