"""The report of a test that passed but burnt too much: a failure without a traceback."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from _pytest._code.code import (
    ExceptionChainRepr,
    ReprEntryNative,
    ReprFileLocation,
    ReprTraceback,
)

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.units import (
    emissions_g,
    format_change,
    format_emissions,
    format_energy,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["fail", "headline"]


def headline(verdict: Verdict, task: str = "") -> str:
    """The first line: what a FAILED line, JUnit and an annotation show."""
    who = f"carbon: task {task}" if task else "carbon"
    if verdict.outcome is Outcome.OVER_BUDGET:
        return (
            f"{who}: over budget: {format_energy(verdict.now_j)}, "
            f"allowed {format_energy(verdict.limit_j)}"
        )
    if verdict.outcome is Outcome.NEW:
        return f"{who}: no baseline is stored"
    assert verdict.ratio is not None, "a regression has a baseline"
    return (
        f"{who}: {format_change(verdict.ratio)}: {format_energy(verdict.baseline_j)} → "
        f"{format_energy(verdict.now_j)}"
    )


def explanation(
    nodeid: str, verdict: Verdict, method: str, intensity: Intensity, task: str = ""
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
    lines.append(
        f"method    {method}; {intensity.g_per_kwh:g} g/kWh "
        f"({intensity.zone}, {intensity.source}, {intensity.period})"
    )
    if verdict.outcome is Outcome.OVER_BUDGET:
        where = "the task's budget" if task else "the test's carbon_budget marker"
        lines.append(f"accept    raise {where}")
    else:
        mode = "new" if verdict.outcome is Outcome.NEW else "all"
        lines.append(f"accept    pytest --carbon --carbon-update={mode} {shlex.quote(nodeid)}")
    return lines


def fail(
    report: pytest.TestReport,
    item: pytest.Item,
    failing: Mapping[str, Verdict],
    method: str,
    intensity: Intensity,
) -> None:
    """Turn the report of a passed call into a failure that every reporter understands.

    ``failing`` are the verdicts that fail it, by task; the test's own has no name.
    """
    lines: list[str] = []
    for task, verdict in failing.items():
        lines += [""] if lines else []
        lines.append(headline(verdict, task))
        lines += explanation(item.nodeid, verdict, method, intensity, task)
    first, text = lines[0], "\n".join(lines)
    path, line, _ = item.location
    place = ReprFileLocation(path, (line or 0) + 1, first)
    trace = ReprTraceback([ReprEntryNative([text + "\n"])], None, "native")
    report.outcome = "failed"
    report.longrepr = ExceptionChainRepr([(trace, place, None)])
