"""Running a test again, inside its own protocol."""

from __future__ import annotations

import copy
import gc
import warnings
from typing import TYPE_CHECKING, Any

from _pytest.runner import CallInfo, runtestprotocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.session.costs import Costs, Part
    from pytest_carbon.session.recorder import Recorder

__all__ = ["Again", "Repeater", "can_repeat_here", "saved_globs"]

# Plugins that count or print every run of a test's body.
_COUNTING_FIXTURES = {"benchmark", "subtests"}


def can_repeat_here(item: pytest.Item) -> bool:
    """Whether running ``item`` again in this process goes unnoticed by reports.

    unittest's subtests are logged even by a run that logs nothing; pytest-benchmark adds a row
    to its table for each run.
    """
    if _COUNTING_FIXTURES & set(getattr(item, "fixturenames", ())):
        return False
    return "TestCaseFunction" not in {cls.__name__ for cls in type(item).__mro__}


def saved_globs(item: pytest.Item) -> dict[str, Any] | None:
    """The names of a doctest, which are gone after its first run."""
    test = getattr(item, "dtest", None)
    return None if test is None else test.globs.copy()


class Repeater:
    """Runs one test again and again, with fresh function fixtures and the wider ones kept.

    ``measure`` runs a callable with its costs charged to a test of that sensitivity, and returns
    what that cost. ``reports`` are those of the latest run.
    """

    def __init__(
        self,
        item: pytest.Item,
        measure: Callable[[Callable[[], object], float], Measurement | None],
        sensitivity: float,
        globs: dict[str, Any] | None,
    ) -> None:
        self._item: Any = item
        self._measure = measure
        self._sensitivity = sensitivity
        self._globs = globs
        self.reports: list[pytest.TestReport] = []

    def run(
        self, following: pytest.Item | None = None, *, collects_garbage: bool = True
    ) -> Measurement | None:
        """One more run; ``None`` if it did not pass, which says nothing about the test.

        ``following`` is the test that runs next if it is another one. A full garbage collection
        that falls into a short test costs many times the test: it is done before.
        """
        item = self._item
        if getattr(item, "cls", None):
            item._obj = None  # noqa: SLF001 - a fresh instance, as for a first run
            vars(item).pop("_instance", None)
        if self._globs is not None:
            item.dtest.globs = self._globs.copy()
        if hasattr(item, "_request"):
            item._request = False  # noqa: SLF001 - else the last run's fixtures are taken again
        kept = item.user_properties[:], item._report_sections[:]  # noqa: SLF001

        def again() -> None:
            # A sibling as the next test: function fixtures end, wider ones stay.
            nextitem = copy.copy(item) if following is None else following
            self.reports = runtestprotocol(item, log=False, nextitem=nextitem)

        if collects_garbage:
            gc.collect()
        try:
            with warnings.catch_warnings(record=True):
                cost = self._measure(again, self._sensitivity)
        finally:
            item.user_properties[:], item._report_sections[:] = kept  # noqa: SLF001
        passed = all(r.passed and not hasattr(r, "wasxfail") for r in self.reports)
        return cost if passed else None


class Again:
    """Repeats of one test inside its protocol, and the tear-down that they owe.

    ``costs`` is what the latest of them was charged with.
    """

    def __init__(
        self,
        item: pytest.Item,
        recorder: Recorder,
        sensitivity: float,
        globs: dict[str, Any] | None,
        nextitem: pytest.Item | None,
    ) -> None:
        self._item = item
        self._recorder = recorder
        self._sensitivity = sensitivity
        self._globs = globs
        self._nextitem = nextitem
        self._repeater: Repeater | None = None
        self._part: Part | None = None
        self.costs: Costs | None = None

    @property
    def possible(self) -> bool:
        """Whether the test can run again here without anyone's taking notice."""
        return can_repeat_here(self._item)

    def run(self, part: Part | None = None) -> Measurement | None:
        """One more run, of which ``part`` is asked for; ``None`` if it did not pass."""
        self._part = part
        if self._repeater is None:
            self._repeater = Repeater(self._item, self._measure, self._sensitivity, self._globs)
        return self._repeater.run()

    def _measure(self, run: Callable[[], object], sensitivity: float) -> Measurement | None:
        self.costs = self._recorder.run_again(run)
        part = self._part
        return self._recorder.cost(self.costs, part.sensitivity if part else sensitivity, part)

    def torn_down(self, report: pytest.TestReport) -> pytest.TestReport:
        """``report``, or that of ending what the repeats have set up, if that fails."""
        if self._repeater is None:
            return report
        state = self._item.session._setupstate  # noqa: SLF001 - the hook would run twice
        call = CallInfo.from_call(lambda: state.teardown_exact(self._nextitem), when="teardown")
        if call.excinfo is None or not report.passed:
            return report
        failed: pytest.TestReport = self._item.ihook.pytest_runtest_makereport(
            item=self._item, call=call
        )
        return failed
