"""The summary at the end of a run, through pytest's own terminal writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.report.terminal import budget_lines, summary_lines
from pytest_carbon.text import printable_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.result.facts import Fault
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.settings import Settings

__all__ = ["write_no_summary", "write_summary"]


def write_no_summary(terminal: Any, faults: Sequence[Fault], settings: Settings) -> None:
    """Say why there is no summary; the outcomes of the tests stand."""
    stored = "" if settings.update is None else ", and nothing was stored"
    for fault in faults:
        text = f"carbon: no summary ({fault.cause}){stored}; the outcomes stand"
        terminal.write_line(printable_line(text), yellow=True)


def write_summary(
    terminal: Any,
    result: RunResult,
    settings: Settings,
    *,
    failures: Sequence[str],
    missing_meters: Sequence[str],
    next_step: str,
) -> None:
    """Write the summary, what failed the run after its tests, and what nothing else has said."""
    config = terminal.config
    verbosity = config.get_verbosity()
    if settings.budgets_only:
        lines = budget_lines(result)
    else:
        terminal.write_sep("=", "carbon")
        lines = summary_lines(
            result,
            verbosity=verbosity,
            rows=settings.rows,
            width=config.get_terminal_writer().fullwidth,
            next_step=next_step,
        )
    for line in lines:
        marks = {line.tone: True} if line.tone else {}
        terminal.write_line(line.text, **marks)
    for failure in failures:
        terminal.write_line(printable_line(f"FAILED: {failure}"), red=True)
    if verbosity < 0:
        # The header, which is left out with -q, says it else.
        for text in missing_meters:
            terminal.write_line(printable_line(text))
