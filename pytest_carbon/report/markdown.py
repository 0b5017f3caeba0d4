"""Markdown with tables, for pull requests and ``$GITHUB_STEP_SUMMARY``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind, sum_of
from pytest_carbon.report.comment import (
    LONGEST,
    NAME_COLUMNS,
    PLAIN,
    Comment,
    folded,
    page_link,
    table,
    within,
)
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
    named_culprits,
    nothing_changed,
)
from pytest_carbon.report.method import host_text
from pytest_carbon.report.names import fitted
from pytest_carbon.text import code_span, unbroken, visible
from pytest_carbon.units import format_duration, format_emissions, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["MARKER", "extend", "render"]

MARKER = "<!-- pytest-carbon -->"
"""The first line: by it a comment on a pull request is found again, to be replaced."""

STEP_SUMMARY_LIMIT = 2**20
"""Bytes that GitHub takes as one step's summary; it drops the whole above that."""

_COSTLIEST = 20
_EQUIVALENTS = ("car_eu", "phone", "streaming")
_NOTES = 20
_UNFOLDED = 10


def render(result: RunResult, comment: Comment = PLAIN) -> str:
    """The whole text, within ``LONGEST`` bytes; empty where nothing changed."""
    return _within(result, comment, LONGEST)


def extend(result: RunResult, path: Path, comment: Comment = PLAIN) -> str:
    """The text to append to a file, which stays below the limit of a step's summary."""
    size = path.stat().st_size if path.exists() else 0
    text = _within(result, comment, min(LONGEST, STEP_SUMMARY_LIMIT - size - 2))
    return f"\n{text}" if size and text else text


def _within(result: RunResult, comment: Comment, longest: int) -> str:
    """The text with as many rows as fit; without the marker's heading it would be nothing."""
    if nothing_changed(result) and not comment.always:
        return ""
    return within(
        longest,
        lambda rows: _lines(result, comment, rows),
        (100, 50, 20, 10, 0),
        shortest=f"{MARKER}\n## Carbon: {headline(result)}\n",
    )


def _lines(result: RunResult, comment: Comment, rows: int) -> Iterator[str]:
    yield MARKER
    yield f"## Carbon: {headline(result)}"
    yield ""
    if not result.course.complete:
        yield f"**This run is not complete**: {code_span(incomplete_text(result))}"
        yield ""
    culprits = [f"- culprit: {code_span(text, 400)}" for text in named_culprits(result)]
    yield from [*culprits, ""] if culprits else []
    yield from _findings(result, rows)
    yield from _accept(result)
    yield from page_link(comment.link)
    yield from _totals(result)
    yield from _costliest(result, min(rows, _COSTLIEST))
    yield from _method(result, min(rows, _NOTES))


def _totals(result: RunResult) -> Iterator[str]:
    total = result.total
    if total is None:
        yield "Nothing was measured."
        yield ""
        return
    tests = result.tests_total
    if tests is not None:
        like = [e.text for e in result.equivalents if e.name in _EQUIVALENTS]
        whole = f"the whole run as much as {', or '.join(like)}" if like else ""
        cost = f"The tests: {energy_text(tests)}, {grams_text(result, tests)} CO2e"
        yield f"{cost}; {whole}." if whole else f"{cost}."
        yield ""
    rows = []
    for kind in Kind:
        subjects = [s.total for s in result.of(kind)]
        cost_of_kind = sum_of(subjects)
        if cost_of_kind is not None:
            name = kind_text(kind, len(subjects))
            count = "" if kind in (Kind.COLLECTION, Kind.RUNNER) else str(len(subjects))
            rows.append([name, count, *_cost(result, cost_of_kind)])
    rows.append(["**whole run**", "", *_cost(result, total)])
    parts = table(["", "", "energy", "CO2e", "CPU time"], "lrrrr", rows)
    yield from folded("Where the energy went", parts)


def _cost(result: RunResult, cost: Measurement) -> list[str]:
    return [energy_text(cost), grams_text(result, cost), format_duration(cost.cpu_s)]


def _findings(result: RunResult, rows: int) -> Iterator[str]:
    """The change first, as a comment is narrow; ten rows, and the rest folded."""
    found = findings(result)
    if not found:
        return
    shown, rest, left_out = found[:_UNFOLDED], found[_UNFOLDED:rows], found[max(rows, _UNFOLDED) :]
    headers = ["change", "what", unbroken("before → now"), "between"]
    yield from table(headers, "rlrl", [_finding(subject) for subject in shown])
    yield ""
    if rest:
        rows_left = table(headers, "rlrl", [_finding(subject) for subject in rest])
        yield from folded(f"{len(rest)} more", rows_left)
    if left_out:
        yield f"{len(left_out)} more are in the other reports of this run."
        yield ""


def _finding(subject: SubjectResult) -> list[str]:
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    change = change_text(subject)
    if verdict.outcome is Outcome.OVER_BUDGET:
        change = "over budget"
    elif verdict.outcome is Outcome.INCONCLUSIVE:
        change = f"{change}, in doubt" if change else "in doubt"
    name = code_span(fitted(visible(subject.subject.id), NAME_COLUMNS))
    if subject.subject.kind is not Kind.TEST:
        name += f" ({kind_text(subject.subject.kind)})"
    name += _on_host(subject)
    before_j = verdict.baseline_j
    before = "" if before_j is None else f"{format_energy(before_j)} → "
    if before_j is None and verdict.limit_j is not None:
        before = f"at most {format_energy(verdict.limit_j)}, now "
    # What is certain has its bounds; of the rest, a reader asks why.
    is_certain = verdict.outcome in {Outcome.REGRESSED, Outcome.IMPROVED}
    why = unbroken(interval_text(verdict, " … ")) if is_certain else ""
    return [
        unbroken(f"**{change}**" if verdict.outcome.fails else change),
        name,
        unbroken(f"{before}{format_energy(verdict.now_j)}"),
        why or (code_span(verdict.reason) if verdict.reason else ""),
    ]


def _accept(result: RunResult) -> Iterator[str]:
    command = accept_command(result)
    if command:
        yield f"To accept what burns more: {code_span(command, len(command))}"
        yield ""


def _on_host(subject: SubjectResult) -> str:
    return f" on {code_span(visible(subject.host))}" if subject.host else ""


def _costliest(result: RunResult, rows: int) -> Iterator[str]:
    costly = result.costliest(Kind.TEST, rows)
    if not costly:
        return
    cells = [
        [
            code_span(fitted(visible(s.subject.id), NAME_COLUMNS)) + _on_host(s),
            energy_text(s.total),
            grams_text(result, s.total),
            format_duration(s.total.cpu_s),
            change_text(s) or (s.verdict.outcome.value if s.verdict else ""),
        ]
        for s in costly
    ]
    headers = ["test", "energy", "CO2e", "CPU time", "change"]
    yield from folded("Costliest tests", table(headers, "lrrrr", cells))


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
    facts += [("host", host_text(host)) for host in result.hosts]
    if result.origin is not None and result.origin.commit:
        facts.append(("commit", result.origin.commit))
    facts += [("not measured", line) for line in result.unavailable[:rows]]
    facts += [("note", note) for note in result.notes[:rows]]
    for name, fact in facts:
        yield f"- {name}: {code_span(fact, 400)}"
    yield ""
    yield "</details>"
