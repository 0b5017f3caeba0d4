"""The table of the costliest tests: names first, fitted to the width of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind, sum_of
from pytest_carbon.report.names import columns, fitted, host_mark, padded
from pytest_carbon.text import visible
from pytest_carbon.units import (
    format_change,
    format_duration,
    format_emissions,
    format_energy,
)

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["costliest_rows"]

_FIXTURES = 5
_BAR = 5
_BLOCKS = " ▏▎▍▌▋▊▉█"
_GAP = "  "
_NARROWEST_NAME = 24
_WIDE = 100
"""From this width on, there is room for times, too."""

_HEADERS = ["energy", "CO2e", "CPU", "wall", "share", "change"]
_TIMES, _SHARE = frozenset({2, 3}), 4
_SHORT = {Outcome.TOO_SMALL: "too small"}


def costliest_rows(result: RunResult, rows: int, width: int) -> list[tuple[str, Outcome | None]]:
    """The lines of the table, each with the verdict on its subject; empty without a test.

    Shares are of what all tests and wider fixtures took together.
    """
    tests = result.costliest(Kind.TEST, rows)
    if not tests:
        return []
    fixtures = result.costliest(Kind.FIXTURE, min(rows, _FIXTURES))
    others = [s for s in (*fixtures, *result.costliest(Kind.TASK, rows)) if s.total.energy_j]
    subjects = [*tests, *others]
    # Wider fixtures are in no test; tasks are parts of them.
    costs = [result.tests_total, *(s.total for s in result.of(Kind.FIXTURE))]
    whole = sum_of(cost for cost in costs if cost is not None)
    total_j = 0.0 if whole is None else whole.energy_j or 0.0
    left_out = _TIMES if width < _WIDE else frozenset[int]()
    headers = [text for place, text in enumerate(_HEADERS) if place not in left_out]
    share = headers.index(_HEADERS[_SHARE])
    table = [
        [text for place, text in enumerate(_cells(result, s, total_j)) if place not in left_out]
        for s in subjects
    ]
    widths = [max(map(columns, column)) for column in zip(headers, *table, strict=True)]
    room = width - sum(widths) - len(_GAP) * len(widths)
    name_width = max(_NARROWEST_NAME, room)
    names = [_name(subject, name_width) for subject in subjects]
    name_width = min(name_width, max(columns(name) for name in (*names, _title(others))))
    lines = []
    for name, cells, subject in zip(
        [_title(others), *names], [headers, *table], [None, *subjects], strict=True
    ):
        verdict = None if subject is None else subject.verdict
        padded_cells = [
            padded(cell, widths[place], right=place != share) for place, cell in enumerate(cells)
        ]
        text = _GAP.join([padded(name, name_width), *padded_cells]).rstrip()
        lines.append((text, None if verdict is None else verdict.outcome))
    return lines


def _title(others: list[SubjectResult]) -> str:
    return "costliest tests and parts" if others else "costliest tests"


def _name(subject: SubjectResult, width: int) -> str:
    name = visible(subject.subject.id)
    if subject.subject.kind is Kind.TEST:
        mark = host_mark(subject)
        return fitted(name, width - columns(mark)) + mark
    times = f", {subject.times} times" if subject.times > 1 else ""
    mark = f" ({subject.subject.kind.value}{times}){host_mark(subject)}"
    return fitted(name, width - columns(mark)) + mark


def _cells(result: RunResult, subject: SubjectResult, total_j: float) -> list[str]:
    total, verdict = subject.total, subject.verdict
    change = ""
    if verdict is not None:
        change = _SHORT.get(verdict.outcome, verdict.outcome.value)
        # Of the figure in this row, not of the looks that have decided.
        if verdict.baseline_j and total.energy_j is not None:
            change = format_change(total.energy_j / verdict.baseline_j)
    return [
        format_energy(total.energy_j),
        format_emissions(result.accounting.emissions_g(total.energy_j)),
        format_duration(total.cpu_s),
        format_duration(total.wall_s),
        _share(total.energy_j, total_j),
        change,
    ]


def _share(energy_j: float | None, total_j: float) -> str:
    """A percentage, and a bar that a row with all of the energy fills."""
    if energy_j is None or total_j <= 0:
        return ""
    part = energy_j / total_j
    eighths = round(min(1.0, part) * _BAR * 8)
    bar = "█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()
    return f"{part:4.0%} {bar}".rstrip()
