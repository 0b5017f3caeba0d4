"""An xdist worker's side of the line to the controller."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.session.sources import Sources
from pytest_carbon.wire import subject_to_plain, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.measurement import Subject
    from pytest_carbon.result import SubjectResult
    from pytest_carbon.session.course import Selection

__all__ = ["INTENSITY", "REFERENCE", "WorkerLink"]

INTENSITY = "carbon_intensity"
"""The name under which the controller tells its workers the intensity that was found."""

REFERENCE = "carbon_reference_ns"
"""The name under which the controller tells its workers the speed that all correct to."""


class WorkerLink:
    """Sends a test's figures with its last report, and all else when the session ends."""

    def __init__(self, config: pytest.Config, selection: Selection) -> None:
        self.sources = Sources()
        self._selection = selection
        self._config: Any = config

    def deliver(
        self,
        subject: Subject,  # noqa: ARG002 - the results name it, too
        results: Callable[[], Sequence[SubjectResult]],
        report: pytest.TestReport,
    ) -> None:
        """Attach results to the report that is about to be sent."""
        vars(report)["carbon"] = to_text(results())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave what is not a test's where xdist sends it from."""
        # A string, since xdist sends only what execnet knows.
        self._config.workeroutput["carbon"] = json.dumps(
            {
                "rows": [subject_to_plain(row) for row in self.sources.rows()],
                "notes": self.sources.notes(),
                "usage_error": self.sources.usage_error,
                "selection": self._selection.to_plain(),
            }
        )
