"""What the page shows, as JSON types: figures to sort and draw by, and their words beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.measurement import Kind, Phase, sum_of
from pytest_carbon.report.figures import (
    accept_command,
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
from pytest_carbon.report.links import commit_link, files_link
from pytest_carbon.report.method import host_text
from pytest_carbon.report.names import host_mark
from pytest_carbon.text import short_name, visible
from pytest_carbon.units import format_change, format_duration, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["EMPTY", "page_data"]

_LONGEST = 500
_DIGITS = 6
_DRAWN = 500

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
    "beside": [],
    "accept": "",
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
        "commit": commit_link(result.origin),
        "files": files_link(result.origin),
        "tree": energy_tree(result),
        "beside": energy_tree(result, of_tests=False),
        "accept": accept_command(result),
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
    """The cards: what the tests took before and now, and the rest of the run after that."""
    total, tests = result.total, result.tests_total
    if total is None:
        yield ["energy", "nothing was measured"]
        return
    verdicts = [s.verdict for s in result.of(Kind.TEST) if s.verdict is not None]
    pairs = [(v.baseline_j, v.now_j) for v in verdicts if v.baseline_j and v.now_j is not None]
    before_j, now_j = sum(b for b, _ in pairs), sum(n for _, n in pairs)
    if pairs:
        name = f"{len(pairs)} tests with baselines" if len(pairs) > 1 else "1 test with a baseline"
        change = format_change(now_j / before_j)
        yield [name, f"{format_energy(before_j)} → {format_energy(now_j)} ({change})"]
    if tests is not None:
        yield ["all tests", f"{energy_text(tests)}, {grams_text(result, tests)} CO2e"]
        yield ["their CPU time", format_duration(tests.cpu_s)]
    yield ["whole run", f"{energy_text(total)}, {grams_text(result, total)} CO2e"]
    yield ["wall time", format_duration(result.own_wall_s)]
    if result.sci is not None and result.sci.complete:
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
        parts = [s.by_phase[phase] for s in result.of(Kind.TEST) if phase in s.by_phase]
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
    yield from _outside_figures(result)
    if result.baselines:
        yield "baselines", result.baselines
    environment = result.environment
    words = (
        f"{environment.fingerprint}: {environment.cpu_model}, {environment.cpu_count} CPUs, "
        f"{environment.os}, {environment.python}, speed {environment.speed}, "
        f"tracing {environment.tracing}"
    )
    yield "environment", words
    yield from (("host", host_text(host)) for host in result.hosts)
    yield from _origin(result)
    yield from (("not measured", line) for line in result.unavailable)
    yield from (("note", note) for note in result.notes)


def _outside_figures(result: RunResult) -> Iterator[tuple[str, str]]:
    """What is measured, and in none of the page's figures."""
    if result.total is not None and result.total.idle_j:
        yield "idle share", f"{format_energy(result.total.idle_j)}, in no figure here"
    if result.sci is not None and not result.sci.complete:
        yield result.sci.label, dict(result.sci.terms())[result.sci.label]
    if result.looks_total is not None and result.looks:
        cost = format_energy(result.looks_total.energy_j)
        yield "measured again", f"{cost} in {format_duration(result.looks_s)}, in no figure here"


def _origin(result: RunResult) -> Iterator[tuple[str, str]]:
    origin = result.origin
    if origin is None:
        return
    if origin.commit:
        branch = f" ({origin.branch})" if origin.branch else ""
        changed = ", with uncommitted changes" if origin.modified else ""
        yield "commit", f"{origin.commit}{branch}{changed}"
    yield "run", f"{origin.run_id}, started {origin.started_at}"
    yield "versions", ", ".join(f"{n} {v}" for n, v in origin.versions.items())


def _finding(subject: SubjectResult, place: int) -> dict[str, Any]:
    """One finding; ``row`` is its place among all rows, ratios are to the baseline or budget."""
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    base_j = verdict.baseline_j
    # What is over its budget is drawn against that.
    unit_j = base_j or verdict.limit_j
    measured = [subject.total, *(m for look in subject.looks for m in look.repeats)]
    samples = [m.energy_j / unit_j for m in measured if unit_j and m.energy_j is not None]
    ratio = verdict.now_j / unit_j if unit_j and verdict.now_j is not None else None
    limit = 1 + verdict.tolerance if verdict.tolerance is not None else None
    return {
        "row": place,
        "outcome": verdict.outcome.value,
        "fails": verdict.outcome.fails,
        "baseline": format_energy(base_j) if base_j is not None else _allowed(subject),
        "now": format_energy(verdict.now_j),
        "change": change_text(subject),
        "interval": interval_text(subject.verdict),
        "why": visible(verdict.reason),
        "ratio": _rounded(ratio),
        "low": _rounded(verdict.low),
        "high": _rounded(verdict.high),
        "limit": _rounded(limit if base_j else 1.0),
        "based": bool(base_j),
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
        _name(subject.subject.id) + host_mark(subject),
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
        [[phase.value, energy_text(cost)] for phase, cost in subject.by_phase.items()],
        method_of(total),
        None if total.speed is None else _rounded(total.speed),
    ]
