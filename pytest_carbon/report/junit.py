"""Figures as JUnit properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_carbon.intensity.sci import SciScore
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["session_properties", "task_properties", "test_properties"]


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def test_properties(
    subject: SubjectResult, emissions_g: float | None, sci: SciScore | None
) -> list[tuple[str, str]]:
    """The properties of one test case, each name once."""
    total = subject.total
    energy_j = total.energy_j
    properties = [
        ("carbon.energy_j", _number(energy_j)),
        ("carbon.emissions_g", _number(emissions_g)),
        ("carbon.cpu_s", _number(total.cpu_s)),
        ("carbon.wall_s", _number(total.wall_s)),
        ("carbon.idle_j", _number(total.idle_j)),
        ("carbon.method", "+".join(sorted({e.method.value for e in total.energies}))),
    ]
    properties += [
        (f"carbon.{phase.value}_j", _number(m.energy_j)) for phase, m in subject.by_phase.items()
    ]
    if total.speed is not None:
        properties.append(("carbon.speed", _number(total.speed)))
    if total.instructions is not None:
        properties.append(("carbon.instructions", str(total.instructions)))
    properties.append(
        ("carbon.sci_operational_g", _number(None if sci is None else sci.operational_g))
    )
    if sci is not None and sci.complete:
        properties += [
            ("carbon.sci_embodied_g", _number(sci.embodied_g)),
            ("carbon.sci_g", _number(sci.score_g)),
        ]
    return properties + _limits("carbon", subject)


def task_properties(
    subject: SubjectResult, test_id: str, emissions_g: float | None
) -> list[tuple[str, str]]:
    """The properties of one task, among those of its test: ``carbon.task.load.energy_j``."""
    total, own = subject.total, subject.own
    prefix = f"carbon.task.{subject.subject.id.removeprefix(test_id).removeprefix(' > ')}"
    properties = [
        (f"{prefix}.energy_j", _number(total.energy_j)),
        (f"{prefix}.own_energy_j", _number(None if own is None else own.energy_j)),
        (f"{prefix}.emissions_g", _number(emissions_g)),
        (f"{prefix}.cpu_s", _number(None if total.missing else total.cpu_s)),
        (f"{prefix}.wall_s", _number(total.wall_s)),
        (f"{prefix}.times", str(subject.times)),
    ]
    return properties + _limits(prefix, subject)


def _limits(prefix: str, subject: SubjectResult) -> list[tuple[str, str]]:
    properties = []
    if subject.budget_j is not None:
        properties.append((f"{prefix}.budget_j", _number(subject.budget_j)))
    verdict = subject.verdict
    if verdict is not None:
        properties.append((f"{prefix}.verdict", verdict.outcome.value))
        if verdict.baseline_j is not None:
            properties.append((f"{prefix}.baseline_j", _number(verdict.baseline_j)))
    return properties


def session_properties(result: RunResult) -> list[tuple[str, str]]:
    """The totals of the run, for the test suite."""
    total = result.total
    properties = [
        ("carbon.energy_j", _number(None if total is None else total.energy_j)),
        ("carbon.emissions_g", _number(result.emissions_g)),
        ("carbon.cpu_s", _number(None if total is None else total.cpu_s)),
        ("carbon.intensity_g_per_kwh", _number(result.intensity.g_per_kwh)),
        ("carbon.intensity_source", f"{result.intensity.source} {result.intensity.period}"),
        ("carbon.method", "; ".join(result.meters)),
        ("carbon.environment", result.environment.fingerprint),
        ("carbon.pue", _number(result.pue.factor)),
    ]
    properties += [
        (f"carbon.host.{host.name}", f"{host.environment.fingerprint}: {'; '.join(host.meters)}")
        for host in result.hosts
    ]
    if result.live is not None:
        properties += [
            ("carbon.live_g_per_kwh", _number(result.live.g_per_kwh)),
            ("carbon.live_source", f"{result.live.source} {result.live.period}"),
        ]
    if result.sci is not None:
        properties += [
            (f"carbon.sci.{name}", fact if isinstance(fact, str) else _number(fact))
            for name, fact in result.sci.facts().items()
            if fact is not None
        ]
    return properties
