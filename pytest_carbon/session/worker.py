"""An xdist worker's side of the line to the controller."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.wire import subject_to_plain, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.measurement import Subject
    from pytest_carbon.result import SubjectResult
    from pytest_carbon.session.course import Selection
    from pytest_carbon.session.protocol import Protocol

__all__ = ["WorkerLink"]


class WorkerLink:
    """Sends a test's figures with its last report, and all else when the session ends."""

    def __init__(self, config: pytest.Config, selection: Selection) -> None:
        self.protocol: Protocol | None = None
        self._selection = selection
        self._config: Any = config

    def deliver(
        self,
        subject: Subject,  # noqa: ARG002 - the result names it, too
        result: Callable[[], SubjectResult],
        report: pytest.TestReport,
    ) -> None:
        """Attach a result to the report that is about to be sent."""
        vars(report)["carbon"] = to_text(result())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave what is not a test's where xdist sends it from."""
        assert self.protocol is not None, "the link is made with its protocol"
        recorder = self.protocol.recorder
        rows = recorder.rows()
        # A string, since xdist sends only what execnet knows.
        self._config.workeroutput["carbon"] = json.dumps(
            {
                "rows": [subject_to_plain(row) for row in rows],
                "notes": recorder.notes(),
                "usage_error": self.protocol.usage_error,
                "selection": self._selection.to_plain(),
            }
        )
