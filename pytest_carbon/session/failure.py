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
    import pytest

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["fail", "headline"]


def headline(verdict: Verdict) -> str:
    """The first line: what a FAILED line, JUnit and an annotation show."""
    if verdict.outcome is Outcome.OVER_BUDGET:
        return (
            f"carbon: over budget: {format_energy(verdict.now_j)}, "
            f"allowed {format_energy(verdict.limit_j)}"
        )
    assert verdict.ratio is not None, "a regression has a baseline"
    return (
        f"carbon: {format_change(verdict.ratio)}: {format_energy(verdict.baseline_j)} → "
        f"{format_energy(verdict.now_j)}"
    )


def explanation(nodeid: str, verdict: Verdict, method: str, intensity: Intensity) -> list[str]:
    """The lines below the headline: the numbers, the method, and the next command to type."""

    def both(energy_j: float | None) -> str:
        if energy_j is None:
            return "unknown"
        grams = emissions_g(energy_j, intensity.g_per_kwh)
        return f"{format_energy(energy_j)} ({format_emissions(grams)} CO2e)"

    lines = [f"test      {nodeid}"]
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
        lines.append("accept    raise the test's carbon_budget marker")
    else:
        lines.append(f"accept    pytest --carbon --carbon-update=all {shlex.quote(nodeid)}")
    return lines


def fail(
    report: pytest.TestReport,
    item: pytest.Item,
    verdict: Verdict,
    method: str,
    intensity: Intensity,
) -> None:
    """Turn the report of a passed call into a failure that every reporter understands."""
    first = headline(verdict)
    text = "\n".join([first, *explanation(item.nodeid, verdict, method, intensity)])
    path, line, _ = item.location
    place = ReprFileLocation(path, (line or 0) + 1, first)
    trace = ReprTraceback([ReprEntryNative([text + "\n"])], None, "native")
    report.outcome = "failed"
    report.longrepr = ExceptionChainRepr([(trace, place, None)])
