"""How a finished test leaves the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from pytest_carbon.result import SubjectResult
    from pytest_carbon.session.runtest.phases import Passed

__all__ = ["Destination"]


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
