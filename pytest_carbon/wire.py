"""Results as plain JSON types, as small as can be: what travels between processes."""

from __future__ import annotations

from typing import Any

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Phase, Subject
from pytest_carbon.result.subject import SubjectResult

__all__ = [
    "subject_from_plain",
    "subject_to_plain",
]


def _measurement_to_plain(measurement: Measurement) -> dict[str, Any]:
    """A measurement as JSON types."""
    return {
        "cpu_s": measurement.cpu_s,
        "wall_s": measurement.wall_s,
        "work_s": measurement.work_s,
        "speed": measurement.speed,
        "instructions": measurement.instructions,
        "missing": list(measurement.missing),
        "energies": [
            [energy.domain, energy.dynamic_j, energy.idle_j, energy.method.value]
            for energy in measurement.energies
        ],
    }


def _measurement_from_plain(plain: dict[str, Any]) -> Measurement:
    """The inverse of ``_measurement_to_plain``."""
    return Measurement(
        cpu_s=plain["cpu_s"],
        wall_s=plain["wall_s"],
        work_s=plain["work_s"],
        speed=plain["speed"],
        instructions=plain["instructions"],
        missing=tuple(plain["missing"]),
        energies=tuple(
            DomainEnergy(domain, dynamic_j, idle_j, Method(method))
            for domain, dynamic_j, idle_j, method in plain["energies"]
        ),
    )


def _verdict_to_plain(verdict: Verdict) -> dict[str, Any]:
    return {**verdict._asdict(), "outcome": verdict.outcome.value}


def _verdict_from_plain(plain: dict[str, Any]) -> Verdict:
    return Verdict(**{**plain, "outcome": Outcome(plain["outcome"])})


def subject_to_plain(result: SubjectResult) -> dict[str, Any]:
    """One subject's result as JSON types, but for its looks, which no worker takes."""
    return {
        "kind": result.subject.kind.value,
        "id": result.subject.id,
        "phases": {p.value: _measurement_to_plain(m) for p, m in result.phases.items()},
        "total": _measurement_to_plain(result.total),
        "own": None if result.own is None else _measurement_to_plain(result.own),
        "test_outcome": result.test_outcome,
        "times": result.times,
        "verdict": None if result.verdict is None else _verdict_to_plain(result.verdict),
        "tolerance": result.tolerance,
        "budget_j": result.budget_j,
        "worst_j": result.worst_j,
        "ungated": result.ungated,
        "path": result.path,
        "line": result.line,
        "worker": result.worker,
        "blocks_written": result.blocks_written,
        "notes": list(result.notes),
    }


def subject_from_plain(plain: dict[str, Any]) -> SubjectResult:
    """The inverse of ``subject_to_plain``."""
    verdict = plain["verdict"]
    return SubjectResult(
        subject=Subject(Kind(plain["kind"]), plain["id"]),
        phases={Phase(p): _measurement_from_plain(m) for p, m in plain["phases"].items()},
        total=_measurement_from_plain(plain["total"]),
        own=None if plain["own"] is None else _measurement_from_plain(plain["own"]),
        test_outcome=plain["test_outcome"],
        times=plain["times"],
        verdict=None if verdict is None else _verdict_from_plain(verdict),
        tolerance=plain["tolerance"],
        budget_j=plain["budget_j"],
        worst_j=plain["worst_j"],
        ungated=plain["ungated"],
        path=plain["path"],
        line=plain["line"],
        worker=plain["worker"],
        blocks_written=plain["blocks_written"],
        notes=tuple(plain["notes"]),
    )
