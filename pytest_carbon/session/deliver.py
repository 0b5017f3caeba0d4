"""How a finished test leaves the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from pytest_carbon.measurement import Subject
    from pytest_carbon.result import SubjectResult

__all__ = ["Deliver"]


class Deliver(Protocol):
    """Takes a test's results: at once where they have to travel, else when the run is over."""

    def __call__(
        self,
        subject: Subject,
        results: Callable[[], Sequence[SubjectResult]],
        report: pytest.TestReport,
    ) -> None:
        """Take ``results``, the test's own and then its tasks'.

        The arithmetic is done when it is called; ``report`` is the last one of the test.
        """
