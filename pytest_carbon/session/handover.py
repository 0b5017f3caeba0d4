"""How a finished test leaves the protocol: its results, and the reports that may have to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from pytest_carbon.result.subject import SubjectResult

__all__ = ["Destination", "Passed"]


class Passed(NamedTuple):
    """The reports of a test that passed, which are not logged yet.

    ``hook`` calls those that hear of this test: not the conftest files of other folders.
    """

    call: pytest.TestReport
    teardown: pytest.TestReport
    hook: Any

    def log(self) -> None:
        """Log both."""
        for report in (self.call, self.teardown):
            self.hook.pytest_runtest_logreport(report=report)


class Destination(Protocol):
    """Takes tests' results: at once where they have to travel, else when the run is over."""

    def deliver(
        self, results: Callable[[], Sequence[SubjectResult]], report: pytest.TestReport | None
    ) -> None:
        """Take ``results``, the test's own and then its tasks'.

        The arithmetic is done when it is called; ``report`` is the last one of the test, ``None``
        where that is logged already.
        """

    def hold(self, results: Sequence[SubjectResult], passed: Passed) -> None:
        """Take a suspect with its reports, which nobody has logged yet."""
