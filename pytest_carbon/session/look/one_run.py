"""One run of a test in a look: what it starts from, and whether it passed."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.session.pytest_private import forget_instance

__all__ = ["Reports", "StartingPoint", "allow_other_objects"]


class StartingPoint:
    """Brings a test back to where it was before its first run."""

    def __init__(self, item: pytest.Item) -> None:
        self._item: Any = item
        test = getattr(item, "dtest", None)
        # The names of a doctest are gone after its first run.
        self._globs = None if test is None else test.globs.copy()
        self._runs = 0

    @classmethod
    def of(cls, item: pytest.Item) -> StartingPoint:
        """The one of this test."""
        return item.stash.setdefault(_STARTING_POINT, cls(item))

    def prepare(self) -> None:
        """Before each run."""
        self._runs += 1
        if self._runs == 1:
            return
        forget_instance(self._item)
        allow_other_objects(getattr(self._item, "function", None))
        if self._globs is not None:
            self._item.dtest.globs = self._globs.copy()


_HYPOTHESIS_SETTINGS = "_hypothesis_internal_use_settings"
_STARTING_POINT = pytest.StashKey[StartingPoint]()


def allow_other_objects(test: Any) -> None:
    """Let a method of Hypothesis run with another ``self`` than before.

    It takes that for a mistake (HealthCheck ``differing_executors``). Its own plugin for pytest
    changes settings in this way, too.
    """
    hypothesis = sys.modules.get("hypothesis")
    settings = getattr(test, _HYPOTHESIS_SETTINGS, None)
    check = getattr(getattr(hypothesis, "HealthCheck", None), "differing_executors", None)
    if hypothesis is None or settings is None or check in (None, *settings.suppress_health_check):
        return
    vars(test)[_HYPOTHESIS_SETTINGS] = hypothesis.settings(
        settings, suppress_health_check=(*settings.suppress_health_check, check)
    )


class Reports(Hooks):
    """Sees whether a run has passed."""

    def __init__(self) -> None:
        self.problem = ""

    def begin(self) -> None:
        """A run begins."""
        self.problem = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the first thing that went wrong."""
        if self.problem:
            return
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = str(getattr(crash, "message", None) or "").strip().partition("\n")[0]
            where = "" if report.when == "call" else f" in its {report.when}"
            self.problem = f"it failed{where}" + (f" ({said})" if said else "")
        elif report.skipped or hasattr(report, "wasxfail"):
            self.problem = "it was skipped or failed as expected"
