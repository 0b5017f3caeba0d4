"""Markdown with tables, for pull requests and ``$GITHUB_STEP_SUMMARY``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, sum_of
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
)
from pytest_carbon.text import code_span
from pytest_carbon.units import format_duration, format_emissions, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result import RunResult, SubjectResult

__all__ = ["LONGEST", "MARKER", "extend", "render"]

MARKER = "<!-- pytest-carbon -->"
"""The first line: by it a comment on a pull request is found again, to be replaced."""

LONGEST = 60_000
"""Bytes of one text: GitHub takes comments of up to 65,536 characters."""

STEP_SUMMARY_LIMIT = 2**20
"""Bytes that GitHub takes as one step's summary; it drops the whole above that."""

_COSTLIEST = 20
_EQUIVALENTS = ("car_eu", "phone", "streaming")
_NOTES = 20


def render(result: RunResult) -> str:
    """The whole text, within ``LONGEST`` bytes."""
    return _within(result, LONGEST)


def extend(result: RunResult, path: Path) -> str:
    """The text to append to a file, which stays below the limit of a step's summary."""
    size = path.stat().st_size if path.exists() else 0
    text = _within(result, min(LONGEST, STEP_SUMMARY_LIMIT - size - 2))
    return f"\n{text}" if size else text


def _within(result: RunResult, longest: int) -> str:
    """The text with as many rows as fit; without the marker's heading it would be nothing."""
    for rows in (100, 50, 20, 5, 0):
        text = "\n".join(_lines(result, rows)) + "\n"
        if len(text.encode("utf-8", "replace")) <= longest:
            return text
    return f"{MARKER}\n## Carbon: {headline(result)}\n"


def _lines(result: RunResult, rows: int) -> Iterator[str]:
    yield MARKER
    yield f"## Carbon: {headline(result)}"
    yield ""
    yield from _totals(result)
    yield from _findings(result, rows)
    yield from _costliest(result, min(rows, _COSTLIEST))
    yield from _method(result, min(rows, _NOTES))


def _table(headers: Sequence[str], alignment: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    marks = {"l": ":--", "r": "--:"}
    yield "| " + " | ".join(headers) + " |"
    yield "| " + " | ".join(marks[mark] for mark in alignment) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _totals(result: RunResult) -> Iterator[str]:
    total = result.total
    if total is None:
        yield "Nothing was measured."
        return
    if not result.course.complete:
        yield f"**This run is not complete**: {code_span(incomplete_text(result))}"
        yield ""
    rows = []
    for kind in Kind:
        subjects = [s.total for s in result.of(kind)]
        cost = sum_of(subjects)
        if cost is not None:
            name = kind_text(kind, len(subjects))
            count = "" if kind in (Kind.COLLECTION, Kind.RUNNER) else str(len(subjects))
            rows.append([name, count, *_cost(result, cost)])
    rows.append(["**whole run**", "", *_cost(result, total)])
    yield from _table(["", "", "energy", "CO2e", "CPU time"], "lrrrr", rows)
    yield ""
    like = [e.text for e in result.equivalents if e.name in _EQUIVALENTS]
    if like:
        yield f"As much as {', or '.join(like)}."
        yield ""


def _cost(result: RunResult, cost: Measurement) -> list[str]:
    return [energy_text(cost), grams_text(result, cost), format_duration(cost.cpu_s)]


def _findings(result: RunResult, rows: int) -> Iterator[str]:
    found = findings(result)
    if not found:
        return
    yield "### What to look at"
    yield ""
    table = [_finding(subject) for subject in found[:rows]]
    headers = ["", "what", "baseline", "now", "change", "between", "why"]
    yield from _table(headers, "llrrrll", table)
    if len(found) > rows:
        yield ""
        yield f"{len(found) - rows} more are in the other reports of this run."
    yield ""


def _finding(subject: SubjectResult) -> list[str]:
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    baseline = format_energy(verdict.baseline_j) if verdict.baseline_j is not None else ""
    if not baseline and verdict.limit_j is not None:
        baseline = f"at most {format_energy(verdict.limit_j)}"
    name = code_span(subject.subject.id)
    if subject.subject.kind is not Kind.TEST:
        name += f" ({kind_text(subject.subject.kind)})"
    outcome = verdict.outcome.value
    return [
        f"**{outcome}**" if verdict.outcome.fails else outcome,
        name,
        baseline,
        format_energy(verdict.now_j),
        change_text(subject),
        interval_text(subject),
        code_span(verdict.reason) if verdict.reason else "",
    ]


def _costliest(result: RunResult, rows: int) -> Iterator[str]:
    costly = result.costliest(Kind.TEST, rows)
    if not costly:
        return
    yield "<details><summary>Costliest tests</summary>"
    yield ""
    table = [
        [
            code_span(s.subject.id),
            energy_text(s.total),
            grams_text(result, s.total),
            format_duration(s.total.cpu_s),
            change_text(s) or (s.verdict.outcome.value if s.verdict else ""),
        ]
        for s in costly
    ]
    yield from _table(["test", "energy", "CO2e", "CPU time", "change"], "lrrrr", table)
    yield ""
    yield "</details>"
    yield ""


def _method(result: RunResult, rows: int) -> Iterator[str]:
    yield "<details><summary>How this was measured</summary>"
    yield ""
    yield "≈ marks modelled figures; the idle share of the machine is not in them."
    yield ""
    facts = [*(("method", meter) for meter in result.meters), ("CPU time", result.clock)]
    facts.append(("intensity", intensity_text(result)))
    if result.pue.factor != 1:
        facts.append(("PUE", f"{result.pue.factor:g}, in all grams ({result.pue.reason})"))
    score = result.sci
    if score is not None:
        facts.append((score.label, f"{format_emissions(score.score_g)} CO2e per run"))
    if result.baselines:
        facts.append(("baselines", result.baselines))
    environment = result.environment
    facts.append(("environment", f"{environment.fingerprint} ({environment.cpu_model})"))
    if result.origin is not None and result.origin.commit:
        facts.append(("commit", result.origin.commit))
    facts += [("not measured", line) for line in result.unavailable[:rows]]
    facts += [("note", note) for note in result.notes[:rows]]
    for name, fact in facts:
        yield f"- {name}: {code_span(fact, 400)}"
    yield ""
    yield "</details>"
