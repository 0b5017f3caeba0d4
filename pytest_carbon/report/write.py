"""Writes a finished result to its destinations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.baseline.replace import replace_file
from pytest_carbon.errors import ReportError
from pytest_carbon.report.kinds import KINDS

if TYPE_CHECKING:
    from pytest_carbon.report.destination import Destination
    from pytest_carbon.result import RunResult

__all__ = ["write_report"]


def write_report(result: RunResult, destination: Destination) -> None:
    """Render one kind into its file, which is replaced as a whole.

    Raises ``ReportError`` where it cannot be written.
    """
    text = KINDS[destination.kind].render(result)
    data = text.encode("utf-8", errors="backslashreplace")
    path = destination.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            replace_file(path.resolve(), data, str(os.getpid()))
    except OSError as error:
        raise ReportError(
            f"the {destination.kind} report cannot be written to {path}: {error.strerror}",
            remedy="the figures stand in the terminal's summary; name another file and run again",
        ) from None
