"""What a process that runs tests knows when its session ends, beside the tests themselves."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_carbon.result.facts import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.limits import TestLimits
    from pytest_carbon.session.measure.recorder import Recorder
    from pytest_carbon.session.results.whole_run import WholeRun

__all__ = ["ProcessFigures"]


class ProcessFigures:
    """Empty in a process that runs no tests; ``whole`` is the run's, where that is collected."""

    def __init__(self, whole: WholeRun | None = None) -> None:
        self.whole = whole
        self._recorder: Recorder | None = None
        self._limits: TestLimits | None = None

    def use(self, recorder: Recorder, limits: TestLimits) -> None:
        """Take the parts of a process that runs tests."""
        self._recorder, self._limits = recorder, limits

    @contextlib.contextmanager
    def looking_up(self) -> Iterator[None]:
        """Where to do what the plugin itself causes, so that nobody's row pays for it."""
        with contextlib.ExitStack() as stack:
            for who in (self.whole, self._recorder):
                if who is not None:
                    stack.enter_context(who.looking_up())
            yield

    @property
    def runs_tests(self) -> bool:
        """Whether this process does."""
        return self._recorder is not None

    def rows(self) -> list[SubjectResult]:
        """The subjects that are not tests."""
        return [] if self._recorder is None else self._recorder.rows()

    def notes(self) -> list[str]:
        """What could not be measured, each said once."""
        return [] if self._recorder is None else self._recorder.notes()

    def faults(self) -> list[Fault]:
        """What went wrong in the plugin itself, test by test."""
        if self._recorder is None:
            return []
        return [
            Fault(test=test, cause=trace.strip().rpartition("\n")[2], traceback=trace)
            for test, trace in self._recorder.faults.items()
        ]

    @property
    def usage_error(self) -> str:
        """What the user has to mend, found too late to be raised."""
        return "" if self._limits is None else self._limits.usage_error
