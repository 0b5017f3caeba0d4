"""The report of a test that passed but burnt too much: a failure without a traceback."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.session.pytest_private import failure_repr, typed_here
from pytest_carbon.tasks.names import SEPARATOR
from pytest_carbon.units import (
    emissions_g,
    format_change,
    format_emissions,
    format_energy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.judge import Judge

__all__ = ["fail", "headline"]


def headline(verdict: Verdict, task: str = "") -> str:
    """The first line: what a FAILED line, JUnit and an annotation show."""
    who = f"carbon: task {task}" if task else "carbon"
    if verdict.now_j is None:
        limit = "" if verdict.limit_j is None else f", allowed {format_energy(verdict.limit_j)}"
        return f"{who}: energy unknown{limit}"
    if verdict.outcome is Outcome.OVER_BUDGET:
        return (
            f"{who}: over budget: {format_energy(verdict.now_j)}, "
            f"allowed {format_energy(verdict.limit_j)}"
        )
    if verdict.outcome is Outcome.NEW:
        return f"{who}: no baseline is stored"
    if verdict.ratio is None:
        return f"{who}: {verdict.outcome.value}: {format_energy(verdict.now_j)}"
    return (
        f"{who}: {format_change(verdict.ratio)}: {format_energy(verdict.baseline_j)} → "
        f"{format_energy(verdict.now_j)}"
    )


def explanation(
    nodeid: str,
    verdict: Verdict,
    method: str,
    intensity: Intensity,
    task: str = "",
    *,
    budget_is_default: bool = False,
    host: str = "",
) -> list[str]:
    """The lines below the headline: the numbers, the method, and the next command to type."""

    def both(energy_j: float | None) -> str:
        if energy_j is None:
            return "unknown"
        grams = emissions_g(energy_j, intensity.g_per_kwh)
        return f"{format_energy(energy_j)} ({format_emissions(grams)} CO2e)"

    lines = [f"test      {nodeid}"]
    if task:
        lines.append(f"task      {task}")
    if host:
        lines.append(f"host      {host}")
    if verdict.baseline_j is not None:
        lines.append(f"baseline  {both(verdict.baseline_j)}")
    lines.append(f"now       {both(verdict.now_j)}")
    if verdict.outcome is Outcome.OVER_BUDGET:
        lines.append(f"budget    {both(verdict.limit_j)}")
    elif verdict.tolerance is not None and verdict.ratio is not None:
        change = format_change(verdict.ratio)
        if verdict.low is not None and verdict.high is not None:
            change += f" (between {format_change(verdict.low)} and {format_change(verdict.high)})"
        lines.append(f"change    {change}, tolerance {format_change(1 + verdict.tolerance)}")
    if verdict.reason:
        lines.append(f"why       {verdict.reason}")
    lines.append(f"method    {method}; {intensity.g_per_kwh:g} gCO2e/kWh ({intensity.zone})")
    elsewhere = (
        ", with the same --tx" if host and verdict.outcome is not Outcome.OVER_BUDGET else ""
    )
    lines.append(f"accept    {_accept(nodeid, verdict, task, budget_is_default)}{elsewhere}")
    return lines


def _accept(nodeid: str, verdict: Verdict, task: str, budget_is_default: bool) -> str:
    """The next command to type, or what to raise."""
    if verdict.outcome is not Outcome.OVER_BUDGET:
        mode = "new" if verdict.outcome is Outcome.NEW else "all"
        return f"pytest --carbon --carbon-update={mode} {shlex.quote(nodeid)}"
    if task:
        return "raise the task's budget"
    if budget_is_default:
        return "raise carbon_default_budget, or give the test a carbon_budget marker"
    return "raise the test's carbon_budget marker"


def fail(
    report: pytest.TestReport,
    config: pytest.Config,
    test: SubjectResult,
    failing: Sequence[SubjectResult],
    judge: Judge,
) -> None:
    """Turn the report of a passed call into a failure that every reporter understands.

    ``failing`` are those of the test and its tasks whose verdicts fail it, which come first.
    """
    lines: list[str] = []
    # The command that accepts is typed where pytest was started.
    nodeid = typed_here(config, report.nodeid)
    for subject in sorted(failing, key=lambda s: (s.subject == test.subject, -_now_j(s))):
        verdict = subject.verdict
        assert verdict is not None, "it fails by its verdict"
        task = subject.subject.id.removeprefix(test.subject.id).removeprefix(SEPARATOR)
        lines += [""] if lines else []
        lines.append(headline(verdict, task))
        lines += explanation(
            nodeid,
            verdict,
            judge.method,
            judge.intensity,
            task,
            budget_is_default=judge.is_default_budget(verdict.limit_j),
            host=test.host,
        )
    path, line, _ = report.location
    report.outcome = "failed"
    report.longrepr = failure_repr("\n".join(lines), path, (line or 0) + 1)


def _now_j(subject: SubjectResult) -> float:
    return 0.0 if subject.verdict is None else subject.verdict.now_j or 0.0
