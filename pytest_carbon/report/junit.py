"""Figures as JUnit properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.units import emissions_g

if TYPE_CHECKING:
    from pytest_carbon.result import RunResult, SubjectResult

__all__ = ["session_properties", "test_properties"]


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def test_properties(subject: SubjectResult, intensity_g_per_kwh: float) -> list[tuple[str, str]]:
    """The properties of one test case, each name once."""
    total = subject.total
    energy_j = total.energy_j
    grams = None if energy_j is None else emissions_g(energy_j, intensity_g_per_kwh)
    properties = [
        ("carbon.energy_j", _number(energy_j)),
        ("carbon.emissions_g", _number(grams)),
        ("carbon.cpu_s", _number(total.cpu_s)),
        ("carbon.wall_s", _number(total.wall_s)),
        ("carbon.idle_j", _number(total.idle_j)),
        ("carbon.method", "+".join(sorted({e.method.value for e in total.energies}))),
    ]
    properties += [
        (f"carbon.{phase.value}_j", _number(m.energy_j)) for phase, m in subject.phases.items()
    ]
    if total.speed is not None:
        properties.append(("carbon.speed", _number(total.speed)))
    if subject.budget_j is not None:
        properties.append(("carbon.budget_j", _number(subject.budget_j)))
    verdict = subject.verdict
    if verdict is not None:
        properties.append(("carbon.verdict", verdict.outcome.value))
        if verdict.baseline_j is not None:
            properties.append(("carbon.baseline_j", _number(verdict.baseline_j)))
    return properties


def session_properties(result: RunResult) -> list[tuple[str, str]]:
    """The totals of the run, for the test suite."""
    total = result.total
    energy_j = None if total is None else total.energy_j
    grams = None if energy_j is None else emissions_g(energy_j, result.intensity.g_per_kwh)
    return [
        ("carbon.energy_j", _number(energy_j)),
        ("carbon.emissions_g", _number(grams)),
        ("carbon.cpu_s", _number(None if total is None else total.cpu_s)),
        ("carbon.intensity_g_per_kwh", _number(result.intensity.g_per_kwh)),
        ("carbon.intensity_source", f"{result.intensity.source} {result.intensity.period}"),
        ("carbon.method", "; ".join(result.meters)),
        ("carbon.environment", result.environment.fingerprint),
    ]
