"""The summary at the end of a run, for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.gated import gated_words
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind
from pytest_carbon.report.carbon import carbon_details, carbon_lines
from pytest_carbon.text import printable_line, shown
from pytest_carbon.units import (
    format_change,
    format_duration,
    format_emissions,
    format_energy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result import RunResult, SubjectResult

__all__ = ["render", "summary_lines"]

_SHOWN = 10


def render(result: RunResult) -> str:
    """The summary as a text of its own."""
    return "".join(f"{line}\n" for line in summary_lines(result, verbosity=0, rows=_SHOWN))


def summary_lines(result: RunResult, *, verbosity: int, rows: int) -> Iterator[str]:
    """The summary, line by line; ``verbosity`` below 0 leaves only totals and findings.

    Whatever a result holds, no line of it is more than a line of text.
    """
    return map(printable_line, _lines(result, verbosity, rows))


def _lines(result: RunResult, verbosity: int, rows: int) -> Iterator[str]:
    yield from _totals(result, verbosity)
    if verbosity >= 0 and rows:
        yield from _costliest(result, rows)
    if verbosity > 0:
        yield from carbon_details(result)
    yield from _findings(result, verbosity)
    yield from _faults(result, verbosity)
    for note in result.notes:
        yield f"note: {shown(note, 1000)}"
    yield from _task_notes(result, verbosity)


def _grams(result: RunResult, energy_j: float | None) -> str:
    return format_emissions(result.accounting.emissions_g(energy_j))


def _totals(result: RunResult, verbosity: int) -> Iterator[str]:
    total = result.total
    if total is None:
        yield "nothing was measured"
        return
    energy = f"{format_energy(total.energy_j)}, {_grams(result, total.energy_j)} CO2e"
    yield f"total: {energy} in {format_duration(total.cpu_s)} of CPU time"
    parts = [
        ("tests", [s.total for s in result.of(Kind.TEST)]),
        ("wider fixtures", [s.total for s in result.of(Kind.FIXTURE)]),
        ("collection and imports", [s.total for s in result.of(Kind.COLLECTION)]),
        ("pytest itself", [s.total for s in result.of(Kind.RUNNER)]),
    ]
    shown = [f"{format_energy(_energy(m))} {name}" for name, m in parts if m]
    if shown:
        yield "  of that: " + ", ".join(shown)
    yield "  by domain: " + ", ".join(_domains(total))
    if total.idle_j:
        yield f"  idle share, not gated: {format_energy(total.idle_j)}"
    yield f"  method: {'; '.join(result.meters)}; clock: {result.clock}"
    yield from carbon_lines(result, verbosity=verbosity)


def _energy(measurements: Sequence[Measurement]) -> float | None:
    total = 0.0
    for measurement in measurements:
        if measurement.energy_j is None:
            return None
        total += measurement.energy_j
    return total


def _domains(total: Measurement) -> list[str]:
    shown = []
    for energy in total.energies:
        if energy.dynamic_j or energy.idle_j:
            mark = "≈" if energy.method == "modelled" else ""
            parts = [f"{mark}{format_energy(energy.dynamic_j)}"] if energy.dynamic_j else []
            if energy.idle_j:
                parts.append(f"{mark}{format_energy(energy.idle_j)} idle")
            shown.append(f"{energy.domain} {' + '.join(parts)} ({energy.method.value})")
    shown += [f"{name} unknown (lost during the run)" for name in total.missing]
    return shown


def _costliest(result: RunResult, rows: int) -> Iterator[str]:
    tests = result.costliest(Kind.TEST, rows)
    if not tests:
        return
    from tabulate import tabulate

    yield ""
    table = [_row(result, s) for s in tests]
    fixtures = [s for s in result.costliest(Kind.FIXTURE, min(rows, 5)) if s.total.energy_j]
    table += [_row(result, s) for s in fixtures]
    tasks = [s for s in result.costliest(Kind.TASK, rows) if s.total.energy_j]
    table += [_row(result, s) for s in tasks]
    text = tabulate(
        table,
        headers=["energy", "CO2e", "CPU", "wall", "change", "costliest tests, fixtures and tasks"],
        tablefmt="plain",
        colalign=("right", "right", "right", "right", "right", "left"),
        disable_numparse=True,
    )
    yield from text.splitlines()


def _row(result: RunResult, subject: SubjectResult) -> list[str]:
    total = subject.total
    verdict = subject.verdict
    change = ""
    if verdict is not None:
        change = verdict.outcome.value
        # Of the figure in this row, not of the looks that have decided.
        if verdict.baseline_j and total.energy_j is not None:
            change = format_change(total.energy_j / verdict.baseline_j)
    name = shown(subject.subject.id)
    if subject.subject.kind is not Kind.TEST:
        kind = subject.subject.kind.value
        name += f" ({kind})" if subject.times == 1 else f" ({kind}, {subject.times} times)"
    return [
        format_energy(total.energy_j),
        _grams(result, total.energy_j),
        format_duration(total.cpu_s),
        format_duration(total.wall_s),
        change,
        name,
    ]


def _findings(result: RunResult, verbosity: int) -> Iterator[str]:
    shown = (Outcome.OVER_BUDGET, Outcome.REGRESSED, Outcome.INCONCLUSIVE, Outcome.IMPROVED)
    for outcome in shown:
        found = result.with_outcome(outcome)
        limit = len(found) if verbosity > 0 else _SHOWN
        for subject in found[:limit]:
            yield f"{outcome.value}: {_finding(subject)}"
        if len(found) > limit:
            yield f"{outcome.value}: {len(found) - limit} more; -v shows all"
    counts = [
        f"{result.outcomes[outcome]} {outcome.value}"
        for outcome in Outcome
        if result.outcomes[outcome]
    ]
    if counts:
        yield f"verdicts against {result.baselines}: " + ", ".join(counts)
    if result.outcomes[Outcome.NEW]:
        costs_j = ((s.subject, s.total.energy_j or 0.0) for s in result.of(Kind.TEST))
        yield gated_words(costs_j, result.floor_j)
    if result.looks and verbosity >= 0:
        looks = "1 fresh process" if result.looks == 1 else f"{result.looks} fresh processes"
        yield f"measured again in {looks}, {format_duration(result.looks_s)}"


def _faults(result: RunResult, verbosity: int) -> Iterator[str]:
    """What went wrong in the plugin itself; with -v where."""
    limit = len(result.faults) if verbosity > 0 else _SHOWN
    for fault in result.faults[:limit]:
        where = shown(fault.test) or "outside of tests"
        yield f"not measured: {where}: {shown(fault.cause, 1000)}"
        if verbosity > 0:
            yield from (f"  {shown(line, 1000)}" for line in fault.traceback.splitlines())
    if len(result.faults) > limit:
        yield f"not measured: {len(result.faults) - limit} more; -v shows all, with tracebacks"


def _task_notes(result: RunResult, verbosity: int) -> Iterator[str]:
    found = [f"note: {s.subject.id}: {note}" for s in result.of(Kind.TASK) for note in s.notes]
    limit = len(found) if verbosity > 0 else _SHOWN
    yield from (shown(line, 1000) for line in found[:limit])
    if len(found) > limit:
        yield f"note: {len(found) - limit} more of tasks; -v shows all"


def _finding(subject: SubjectResult) -> str:
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    text = f"{shown(subject.subject.id)}: "
    if subject.subject.kind is Kind.FILE:
        text = f"{subject.subject.id} ({subject.times} tests too short to gate alone): "
    if verdict.ratio is None:
        text += format_energy(verdict.now_j)
        if verdict.limit_j is not None:
            text += f", allowed {format_energy(verdict.limit_j)}"
    else:
        text += (
            f"{format_energy(verdict.baseline_j)} → {format_energy(verdict.now_j)} "
            f"({format_change(verdict.ratio)})"
        )
    parts = [text, verdict.reason]
    if subject.notes:
        parts.append("moved most: " + ", ".join(subject.notes))
    return "; ".join(part for part in parts if part)
