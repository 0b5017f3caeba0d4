"""One run of a test in a look: what it starts from, and whether it passed."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_carbon.session.pytest_private import forget_instance

__all__ = ["Reports", "StartingPoint"]


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
        if self._globs is not None:
            self._item.dtest.globs = self._globs.copy()


_STARTING_POINT = pytest.StashKey[StartingPoint]()


class Reports:
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
