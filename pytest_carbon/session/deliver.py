"""How a finished test leaves the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_carbon.measurement import Subject
    from pytest_carbon.result import SubjectResult

__all__ = ["Deliver"]


class Deliver(Protocol):
    """Takes a test's result: at once where it has to travel, else when the run is over."""

    def __call__(
        self, subject: Subject, result: Callable[[], SubjectResult], report: pytest.TestReport
    ) -> None:
        """``result`` does the arithmetic when called; ``report`` is the last one of the test."""
