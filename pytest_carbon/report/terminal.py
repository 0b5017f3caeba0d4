"""The summary at the end of a run, for people at a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_carbon.gate.gated import gated_words
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind, sum_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.report.carbon import carbon_details, carbon_lines
from pytest_carbon.report.costliest import costliest_rows
from pytest_carbon.report.figures import FINDINGS, findings
from pytest_carbon.report.method import short_intensity, short_method
from pytest_carbon.report.names import columns, host_mark
from pytest_carbon.text import counted, printable_line, shown
from pytest_carbon.units import (
    format_change,
    format_duration,
    format_emissions,
    format_energy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.facts import Counted
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["TONES", "Line", "budget_lines", "render", "summary_lines"]

_SHOWN = 10
_WIDTH = 100

TONES = {
    Outcome.OVER_BUDGET: "red",
    Outcome.REGRESSED: "red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.IMPROVED: "green",
}
"""The colours of verdicts, by pytest's own names."""


class Line(NamedTuple):
    """A line of the summary, and how pytest's terminal writer is to mark it."""

    text: str
    tone: str = ""


def render(result: RunResult) -> str:
    """The summary as a text of its own."""
    lines = summary_lines(result, verbosity=0, rows=_SHOWN, width=_WIDTH)
    return "".join(f"{line.text}\n" for line in lines)


def summary_lines(
    result: RunResult, *, verbosity: int, rows: int, width: int = 80, next_step: str = ""
) -> Iterator[Line]:
    """The summary, line by line.

    ``verbosity`` below 0 leaves three lines at most, and why the energy is unknown. ``next_step``
    is what to do next, where there is something.

    Whatever a result holds, no line of it is more than a line of text.
    """
    lines = _short(result) if verbosity < 0 else _lines(result, verbosity, rows, width, next_step)
    return (line._replace(text=printable_line(line.text)) for line in lines)


def budget_lines(result: RunResult) -> Iterator[Line]:
    """How a run went in which nothing but budgets could fail; nothing where there are none."""
    with_budget = [s for s in result.subjects if s.budget_j is not None]
    verdicts = [s.verdict.outcome for s in with_budget if s.verdict is not None]
    over = verdicts.count(Outcome.OVER_BUDGET)
    doubt = verdicts.count(Outcome.INCONCLUSIVE)
    if with_budget:
        counts = f"{len(with_budget)} checked, {over} exceeded"
        counts += f", {doubt} in doubt" if doubt else ""
        yield Line(f"carbon: budgets: {counts}", "red" if over else "yellow" if doubt else "green")
        for line in _findings(result, verbosity=0, width=_WIDTH):
            yield line._replace(text=printable_line(f"carbon: {line.text}"))


def _short(result: RunResult) -> Iterator[Line]:
    yield from _headline(result)
    yield from _counts(result)
    if result.faults:
        yield Line(f"not measured: {counted(len(result.faults), 'test')}; without -q each is named")
    total = result.tests_total or result.total
    if total is not None and total.energy_j is None:
        # An unknown without its reason helps nobody.
        yield from map(Line, _notes(result, verbosity=-1))


def _lines(
    result: RunResult, verbosity: int, rows: int, width: int, next_step: str
) -> Iterator[Line]:
    yield from _headline(result)
    yield from map(Line, _beside(result, verbosity))
    if rows:
        yield from _costliest(result, rows, width)
    if verbosity > 0:
        yield from map(Line, carbon_details(result))
    yield from _findings(result, verbosity, width)
    yield from _counts(result)
    if result.outcomes[Outcome.INCOMPARABLE] or verbosity > 0:
        yield Line(f"  against {result.baselines}")
    if result.outcomes[Outcome.NEW]:
        costs_j = ((s.subject, s.total.energy_j or 0.0) for s in result.of(Kind.TEST))
        yield Line(f"  {gated_words(costs_j, result.floor_j)}")
    yield from map(Line, _faults(result, verbosity))
    yield from map(Line, _notes(result, verbosity))
    if next_step:
        yield Line(f"next: {next_step}")


def _cost(result: RunResult, total: Measurement) -> str:
    grams = format_emissions(result.accounting.emissions_g(total.energy_j))
    return f"{format_energy(total.energy_j)}, {grams} CO2e"


def _headline(result: RunResult) -> Iterator[Line]:
    """What the user's own code took: the tests, and a command where none has run."""
    total, name = result.tests_total, "tests"
    if total is None:
        total, name = result.total, "total"
    if total is None:
        yield Line("nothing was measured")
        return
    time = format_duration(total.cpu_s)
    cost = "energy unknown" if total.energy_j is None else _cost(result, total)
    yield Line(f"{name}: {cost} in {time} of CPU time", "bold")


def _beside(result: RunResult, verbosity: int) -> Iterator[str]:
    total = result.total
    if total is None:
        return
    parts = []
    for kind, name in (
        (Kind.RUNNER, "pytest"),
        (Kind.COLLECTION, "collection"),
        (Kind.FIXTURE, "wider fixtures"),
    ):
        cost = sum_of(s.total for s in result.of(kind))
        if cost is not None:
            parts.append(f"{name} {format_energy(cost.energy_j)}")
    if parts:
        yield f"  with {', '.join(parts)}: {format_energy(total.energy_j)} in all"
    if result.looks:
        yield f"  {_looks(result)}, in no total"
    yield from _hosts(result, verbosity)
    if verbosity > 0:
        yield "  by domain: " + ", ".join(_domains(total))
        yield from map(_counter, result.counted)
        if total.idle_j:
            yield f"  idle share, not gated: {format_energy(total.idle_j)}"
        if not result.hosts:
            yield f"  method: {'; '.join(result.meters)}; clock: {result.clock}"
    elif result.hosts:
        yield f"  {short_intensity(result.accounting)}"
    else:
        method = short_method(result.meters)
        yield f"  {method}; {short_intensity(result.accounting)}"
    yield from carbon_lines(result, verbosity=verbosity)


def _hosts(result: RunResult, verbosity: int) -> Iterator[str]:
    """What each host has taken, and how that came about, where there are several."""
    for host in result.hosts:
        tests = [s for s in result.of(Kind.TEST) if s.host == host.name]
        cost = sum_of(s.total for s in tests)
        count = "1 test" if len(tests) == 1 else f"{len(tests)} tests"
        energy = "" if cost is None else f", {format_energy(cost.energy_j)}"
        method = short_method(host.meters)
        if verbosity > 0:
            method = f"{'; '.join(host.meters)}; clock: {host.clock}"
        yield f"  on {shown(host.name)}: {count}{energy}; {method}; {host.baselines}"


def _counter(one: Counted) -> str:
    """What became of all that a counter has shown."""
    parts = [
        f"{format_energy(one.run_j)} of this run",
        f"{format_energy(one.idle_j)} that flows anyway",
        f"{format_energy(one.others_j)} of other processes",
    ]
    return f"  counter {one.domain}: {format_energy(one.total_j)} = {' + '.join(parts)}"


def _looks(result: RunResult) -> str:
    looks = result.looks_total
    where = "1 fresh process" if result.looks == 1 else f"{result.looks} fresh processes"
    energy = "" if looks is None else f"{format_energy(looks.energy_j)}, "
    return f"measured again in {where}: {energy}{format_duration(result.looks_s)}"


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


def _costliest(result: RunResult, rows: int, width: int) -> Iterator[Line]:
    table = costliest_rows(result, rows, width)
    if table:
        yield Line("")
    for text, outcome in table:
        yield Line(text, "" if outcome is None else TONES.get(outcome, ""))
    if table:
        yield Line("")


def _findings(result: RunResult, verbosity: int, width: int) -> Iterator[Line]:
    """What a reader has to look at, the worst outcome first, in it the greatest change first."""
    found = findings(result)
    for outcome in FINDINGS:
        these = [s for s in found if s.verdict is not None and s.verdict.outcome is outcome]
        limit = len(these) if verbosity > 0 else _SHOWN
        for subject in these[:limit]:
            parts = [f"{outcome.value}: {_named(subject)}: {_figures(subject)}"]
            if columns(parts[0]) > width:
                # The name alone may take more than a line; nothing else breaks with it.
                parts = [f"{outcome.value}: {_named(subject)}", _figures(subject)]
            why = _reasons(subject)
            if why and columns(parts[-1]) + columns(why) + 4 <= width:
                parts[-1] += f"; {why}"
            elif why:
                parts.append(why)
            for place, part in enumerate(parts):
                yield Line(f"  {part}" if place else part, TONES[outcome])
        if len(these) > limit:
            more = f"{outcome.value}: {len(these) - limit} more; -v shows all"
            yield Line(more, TONES[outcome])


def _counts(result: RunResult) -> Iterator[Line]:
    sums = result.outcomes_of(Kind.FILE)
    counts = _in_words(result.outcomes - sums)
    # A sum that is too small says nothing that its tests do not.
    of_sums = _in_words(Counter({o: n for o, n in sums.items() if o is not Outcome.TOO_SMALL}))
    if counts or of_sums:
        words = "; sums of short tests: ".join(filter(None, [counts, of_sums]))
        worst = next((TONES[outcome] for outcome in FINDINGS if result.outcomes[outcome]), "")
        yield Line(f"verdicts: {words}", worst)


def _in_words(outcomes: Counter[Outcome]) -> str:
    return ", ".join(f"{outcomes[one]} {one.value}" for one in Outcome if outcomes[one])


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


def _notes(result: RunResult, verbosity: int) -> Iterator[str]:
    notes = [*result.notes]
    notes += [f"{s.subject.id}: {note}" for s in result.of(Kind.TASK) for note in s.notes]
    limit = len(notes) if verbosity > 0 else _SHOWN
    yield from (f"note: {shown(note, 1000)}" for note in notes[:limit])
    if len(notes) > limit:
        yield f"note: {len(notes) - limit} more; -v shows all"


def _named(subject: SubjectResult) -> str:
    name = f"{shown(subject.subject.id)}{host_mark(subject)}"
    if subject.subject.kind is Kind.FILE:
        return f"{name} ({counted(subject.times, 'test')} too short to gate alone)"
    return name


def _figures(subject: SubjectResult) -> str:
    verdict = subject.verdict
    assert verdict is not None, "only judged subjects are findings"
    now = format_energy(verdict.now_j)
    if verdict.ratio is None:
        return (
            now if verdict.limit_j is None else f"{now}, allowed {format_energy(verdict.limit_j)}"
        )
    return f"{format_energy(verdict.baseline_j)} → {now} ({format_change(verdict.ratio)})"


def _reasons(subject: SubjectResult) -> str:
    parts = [] if subject.verdict is None else [subject.verdict.reason]
    if subject.notes:
        parts.append("moved most: " + ", ".join(subject.notes))
    return "; ".join(part for part in parts if part)
