"""What the page shows, as JSON types: figures to sort and draw by, and their words beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.measurement import Kind, Phase, sum_of
from pytest_carbon.report.figures import (
    change_text,
    energy_text,
    findings,
    grams_text,
    headline,
    incomplete_text,
    intensity_text,
    interval_text,
    kind_text,
    method_of,
)
from pytest_carbon.report.html.tree import energy_tree
from pytest_carbon.text import short_name, visible
from pytest_carbon.units import format_duration, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result import RunResult, SubjectResult

__all__ = ["EMPTY", "page_data"]

_LONGEST = 500
_DIGITS = 6
_DRAWN = 40

EMPTY: dict[str, Any] = {
    "title": "",
    "headline": "",
    "fails": False,
    "incomplete": "",
    "drawn": 0,
    "totals": [],
    "kinds": [],
    "phases": [],
    "equivalents": [],
    "facts": [],
    "tree": [],
    "findings": [],
    "rows": [],
}
"""A page without a run."""


def page_data(result: RunResult) -> dict[str, Any]:
    """All that the page shows of a run."""
    places = {s.subject: place for place, s in enumerate(result.subjects)}
    return {
        "title": _title(result),
        "headline": headline(result),
        "fails": any(s.verdict and s.verdict.outcome.fails for s in result.subjects),
        "incomplete": visible(incomplete_text(result)),
        "totals": list(_totals(result)),
        "kinds": list(_kinds(result)),
        "phases": list(_phases(result)),
        "equivalents": [e.text for e in result.equivalents],
        "facts": [[name, visible(text)] for name, text in _facts(result)],
        "tree": energy_tree(result),
        "findings": [_finding(s, places[s.subject]) for s in findings(result)],
        "drawn": _DRAWN,
        "rows": [_row(result, s) for s in result.subjects],
    }


def _name(text: str) -> str:
    return short_name(visible(text), _LONGEST)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")


def _title(result: RunResult) -> str:
    origin = result.origin
    if origin is None:
        return "Carbon report"
    commit = f" at {origin.commit[:10]}" if origin.commit else ""
    branch = f" ({origin.branch})" if origin.branch else ""
    return visible(f"{origin.project}{commit}{branch}")


def _totals(result: RunResult) -> Iterator[list[str]]:
    total = result.total
    if total is None:
        yield ["energy", "nothing was measured"]
        return
    yield ["energy", energy_text(total)]
    yield ["emissions", f"{grams_text(result, total)} CO2e"]
    yield ["CPU time", format_duration(total.cpu_s)]
    yield ["wall time", format_duration(result.wall_s)]
    yield ["idle share, not gated", format_energy(total.idle_j)]
    if result.sci is not None:
        yield [result.sci.label, dict(result.sci.terms())[result.sci.label]]


def _costs(result: RunResult, cost: Measurement) -> list[str]:
    return [energy_text(cost), grams_text(result, cost), format_duration(cost.cpu_s)]


def _kinds(result: RunResult) -> Iterator[list[Any]]:
    for kind in Kind:
        subjects = [s.total for s in result.of(kind)]
        cost = sum_of(subjects)
        if cost is not None:
            yield [kind_text(kind, len(subjects)), len(subjects), *_costs(result, cost)]


def _phases(result: RunResult) -> Iterator[list[Any]]:
    for phase in Phase:
        parts = [s.phases[phase] for s in result.of(Kind.TEST) if phase in s.phases]
        cost = sum_of(parts)
        if cost is not None:
            yield [phase.value, len(parts), *_costs(result, cost)]


def _facts(result: RunResult) -> Iterator[tuple[str, str]]:
    for meter in result.meters:
        yield "method", meter
    yield "CPU time", result.clock
    yield "intensity", intensity_text(result)
    if result.pue.factor != 1:
        yield "PUE", f"{result.pue.factor:g}, in all grams ({result.pue.reason})"
    if result.baselines:
        yield "baselines", result.baselines
    environment = result.environment
    words = (
        f"{environment.fingerprint}: {environment.cpu_model}, {environment.cpu_count} CPUs, "
        f"{environment.os}, {environment.python}, speed {environment.speed}, "
        f"tracing {environment.tracing}"
    )
    yield "environment", words
    if result.origin is not None:
        yield "run", f"{result.origin.run_id}, started {result.origin.started_at}"
        yield "versions", ", ".join(f"{n} {v}" for n, v in result.origin.versions.items())
    for line in result.unavailable:
        yield "not measured", line
    for note in result.notes:
        yield "note", note


def _finding(subject: SubjectResult, place: int) -> dict[str, Any]:
    """One finding; ``row`` is its place among all rows, ratios are against the baseline."""
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    base_j = verdict.baseline_j
    measured = [subject.total, *(m for look in subject.looks for m in look.repeats)]
    samples = [m.energy_j / base_j for m in measured if base_j and m.energy_j is not None]
    return {
        "row": place,
        "outcome": verdict.outcome.value,
        "fails": verdict.outcome.fails,
        "baseline": format_energy(base_j) if base_j is not None else _allowed(subject),
        "now": format_energy(verdict.now_j),
        "change": change_text(subject),
        "interval": interval_text(subject),
        "why": visible(verdict.reason),
        "ratio": _rounded(verdict.ratio),
        "low": _rounded(verdict.low),
        "high": _rounded(verdict.high),
        "limit": _rounded(1 + verdict.tolerance) if verdict.tolerance is not None else None,
        "samples": [_rounded(sample) for sample in samples],
    }


def _allowed(subject: SubjectResult) -> str:
    limit_j = None if subject.verdict is None else subject.verdict.limit_j
    return "" if limit_j is None else f"at most {format_energy(limit_j)}"


def _row(result: RunResult, subject: SubjectResult) -> list[Any]:
    """One row: name, kind, outcome, verdict, place, words, figures, phases, method."""
    total, verdict = subject.total, subject.verdict
    place = f"{subject.path}:{subject.line}" if subject.path and subject.line else subject.path
    return [
        _name(subject.subject.id),
        subject.subject.kind.value,
        subject.test_outcome,
        "" if verdict is None else verdict.outcome.value,
        visible(place),
        [*_costs(result, total), format_duration(total.wall_s), change_text(subject)],
        [
            _rounded(total.energy_j),
            _rounded(total.cpu_s),
            _rounded(total.wall_s),
            _rounded(None if verdict is None else verdict.ratio),
        ],
        [[phase.value, energy_text(cost)] for phase, cost in subject.phases.items()],
        method_of(total),
        None if total.speed is None else _rounded(total.speed),
    ]
