"""GitHub's workflow commands: annotations on the file and line of a test.

GitHub shows at most ten errors and ten warnings of a step, so the worst come first and the last
says how many more there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.report.figures import change_text, findings, interval_text
from pytest_carbon.report.names import host_mark
from pytest_carbon.text import counted, shown, visible, workflow_data, workflow_property
from pytest_carbon.units import format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["CAP", "render"]

CAP = 10
"""Annotations of one level that GitHub shows of one step."""

_LEVELS = {
    Outcome.OVER_BUDGET: "error",
    Outcome.REGRESSED: "error",
    Outcome.INCONCLUSIVE: "warning",
}


def render(result: RunResult) -> str:
    """One command a line: errors for what fails the run, warnings for what is undecided."""
    lines: list[str] = []
    for level in ("error", "warning"):
        found = [
            subject
            for subject in findings(result)
            if subject.verdict and _LEVELS.get(subject.verdict.outcome) == level
        ]
        lines += _annotations(level, found)
    return "".join(f"{line}\n" for line in lines)


def _annotations(level: str, found: list[SubjectResult]) -> Iterator[str]:
    kept = found if len(found) <= CAP else found[: CAP - 1]
    for subject in kept:
        yield _command(level, subject)
    if len(found) > len(kept):
        more = f"{counted(len(found) - len(kept), 'more test')}: see the summary of this run"
        yield f"::{level} title=pytest-carbon::{more}"


def _command(level: str, subject: SubjectResult) -> str:
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    properties = []
    if subject.path:
        properties.append(f"file={workflow_property(visible(subject.path))}")
        if subject.line is not None:
            properties.append(f"line={subject.line}")
    title = f"carbon: {verdict.outcome.value} {change_text(subject)}".strip()
    properties.append(f"title={workflow_property(title)}")
    before = f"{format_energy(verdict.baseline_j)} → " if verdict.baseline_j is not None else ""
    message = (
        f"{shown(subject.subject.id)}{host_mark(subject)}: {before}{format_energy(verdict.now_j)}"
    )
    if verdict.baseline_j is None and verdict.limit_j is not None:
        message += f", allowed {format_energy(verdict.limit_j)}"
    if interval_text(subject.verdict):
        message += f" (between {interval_text(subject.verdict)})"
    if verdict.reason:
        message += f"; {shown(verdict.reason, 400)}"
    return f"::{level} {','.join(properties)}::{workflow_data(message)}"
