"""A comparison as one page: each culprit with a drawing of where the energy rose, and a table.

The drawing is an icicle: the test on top, below each function what it calls, as wide as the energy
that goes there. Plain HTML, no script: every part is a link to its row in the table, which a
keyboard reaches and a screen reader reads, and the system's light or dark colours hold.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_carbon.compare.culprit_report import change_words
from pytest_carbon.explain.findings import headline
from pytest_carbon.explain.graph import ROOT
from pytest_carbon.record import NamedTuple
from pytest_carbon.text import shown
from pytest_carbon.units import format_change, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.compare.result import Comparison
    from pytest_carbon.explain.call_tree import Branch
    from pytest_carbon.explain.findings import Finding

__all__ = ["as_page"]

_SHOWN = 50
_LINE = 400

# The strongest colour is for what makes up the whole rise.
_STRONGEST = 0.75


class _Row(NamedTuple):
    """A function in all its places in the drawing."""

    name: str
    base_j: float
    head_j: float


def as_page(comparison: Comparison) -> str:
    """The page as one text, which needs no network and allows itself none."""
    style = files("pytest_carbon.compare").joinpath("page.css").read_text(encoding="utf-8")
    body = "\n".join(_body(comparison))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Energy: {_text(comparison.base)} and {_text(comparison.head)}</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _text(text: str, longest: int = _LINE) -> str:
    return escape(shown(text, longest))


def _body(comparison: Comparison) -> Iterator[str]:
    found = comparison.findings
    yield f"<h1>{_text(comparison.base)} → {_text(comparison.head)}</h1>"
    fails = ' class="fails"' if comparison.exit_status == 1 else ""
    words = f"Burn more: {headline(found)}" if found else "No test burns more"
    yield f"<p{fails}>{words}</p>"
    whole = comparison.whole_suite
    if whole is not None:
        yield f"<p>Whole suite {change_words(*whole)}</p>"
    for one in comparison.regressed_sums:
        name = _text(one.name) if one.name else "The whole suite"
        yield f"<h2>{name}, spread over {one.tests} tests</h2>"
        if one.explanation is not None:
            yield from (f"<p><code>{_text(line)}</code></p>" for line in one.explanation.lines())
    for number, finding in enumerate(found):
        yield from _finding(finding, comparison, number)
    yield "<h2>Tests</h2>"
    yield from _tests(comparison)
    yield f'<p class="quiet">{_text(comparison.method, 1000)}</p>'
    yield f'<p class="quiet">{_text(comparison.proof, 1000)}</p>'


def _finding(finding: Finding, comparison: Comparison, number: int) -> Iterator[str]:
    culprit = finding.culprit
    title = "No single function" if culprit is None else _text(culprit.place)
    yield f"<h2>{title}</h2>"
    yield from (f"<p><code>{_text(line)}</code></p>" for line in finding.lines)
    explanations = {test.test: test.explanation for test in comparison.tests}
    first = explanations[finding.tests[0]]
    if first is None or first.tree is None:
        return
    yield (
        f'<p class="quiet">{_text(finding.tests[0])}: as wide as the energy in head or base, '
        "whichever is more; red has risen, blue has fallen.</p>"
    )
    rows: dict[str, _Row] = {}
    drawing = "".join(_branches(first.tree, first.rise_j, number, rows))
    yield f'<ul class="icicle" aria-label="Where the energy went">{drawing}</ul>'
    yield '<div class="scroll"><table><thead><tr><th scope="col">base</th>'
    yield '<th scope="col">head</th><th scope="col">rise</th><th scope="col">function</th></tr>'
    yield "</thead><tbody>"
    for row in sorted(rows.values(), key=lambda row: row.base_j - row.head_j):
        yield (
            f'<tr id="{_row_id(number, row.name, rows)}"><td>{format_energy(row.base_j)}</td>'
            f"<td>{format_energy(row.head_j)}</td><td>{_rise(row.head_j - row.base_j)}</td>"
            f"<td><code>{_text(row.name)}</code></td></tr>"
        )
    yield "</tbody></table></div>"


def _branches(branch: Branch, rise_j: float, number: int, rows: dict[str, _Row]) -> Iterator[str]:
    """The list item of a branch, and inside of it those of its calls."""
    if branch.place == ROOT:
        inside = "".join(
            text for child in branch.children for text in _branches(child, rise_j, number, rows)
        )
        yield f"<li><ul>{inside}</ul></li>"
        return
    name = f"{branch.place.file} {branch.place.name}"
    row = rows.get(name, _Row(name, 0.0, 0.0))
    rows[name] = row._replace(base_j=row.base_j + branch.base_j, head_j=row.head_j + branch.head_j)
    risen_j = branch.head_j - branch.base_j
    strength = min(1.0, abs(risen_j) / rise_j if rise_j > 0 else 0.0) * _STRONGEST
    colour = "more" if risen_j > 0 else "less"
    most_j = max(branch.base_j, branch.head_j)
    energies = f"{format_energy(branch.base_j)} → {format_energy(branch.head_j)}"
    label = f"{name}{_circle(branch)}: {energies}, {_rise(risen_j)}"
    inside = "".join(
        text for child in branch.children for text in _branches(child, rise_j, number, rows)
    )
    rest_j = max(0.0, most_j - sum(max(c.base_j, c.head_j) for c in branch.children))
    # Its own energy keeps the calls below from filling the width.
    room = f'<li style="flex:{1e6 * rest_j:.6g} 1 0" aria-hidden="true"></li>' if inside else ""
    yield (
        f'<li style="flex:{1e6 * most_j:.6g} 1 0"><a href="#{_row_id(number, name, rows)}" '
        f'title="{_text(label)}" style="background:rgba(var(--{colour}),{strength:.2f})">'
        f"{_text(branch.place.name)}</a>" + (f"<ul>{inside}{room}</ul>" if inside else "") + "</li>"
    )


def _circle(branch: Branch) -> str:
    """What is drawn as one with a function."""
    return f" and {branch.circle} that call each other" if branch.circle else ""


def _row_id(number: int, name: str, rows: dict[str, _Row]) -> str:
    return f"f{number}-{list(rows).index(name)}"


def _rise(energy_j: float) -> str:
    return f"{'+' if energy_j >= 0 else '-'}{format_energy(abs(energy_j))}"


def _tests(comparison: Comparison) -> Iterator[str]:
    judged = [(t.verdict, t.test) for t in comparison.compared if t.verdict is not None]
    judged.sort(key=lambda one: -(one[0].ratio or 0.0))
    yield '<div class="scroll"><table><thead><tr><th scope="col">change</th>'
    yield '<th scope="col">base</th><th scope="col">head</th><th scope="col">verdict</th>'
    yield '<th scope="col">test</th></tr></thead><tbody>'
    for verdict, name in judged[:_SHOWN]:
        change = "" if verdict.ratio is None else format_change(verdict.ratio)
        yield (
            f"<tr><td>{change}</td><td>{format_energy(verdict.baseline_j)}</td>"
            f"<td>{format_energy(verdict.now_j)}</td><td>{verdict.outcome.value}</td>"
            f"<td><code>{_text(name)}</code></td></tr>"
        )
    yield "</tbody></table></div>"
    if len(judged) > _SHOWN:
        yield f'<p class="quiet">and {len(judged) - _SHOWN} more, whose change is smaller</p>'
