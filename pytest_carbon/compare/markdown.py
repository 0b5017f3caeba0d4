"""A comparison as a comment on a pull request: a sentence, then what changed, change first."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from pytest_carbon.compare.culprit_report import markdown_culprits
from pytest_carbon.compare.report import remarks, suites, tests_in_order
from pytest_carbon.compare.result import is_finding
from pytest_carbon.gate.verdict import Outcome
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
from pytest_carbon.report.figures import interval_text, sentence
from pytest_carbon.report.names import fitted
from pytest_carbon.text import code_span, unbroken, visible
from pytest_carbon.units import format_change, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_carbon.compare.result import ComparedTest, Comparison

__all__ = ["MARKER", "as_markdown"]

MARKER = "<!-- pytest-carbon compare -->"
"""The first line: by it a comment on a pull request is found again, to be replaced."""

_UNFOLDED = 10
_AGAIN = 3
"""So many tests stand in the command that runs the comparison again."""

_LONGEST_LINE = 1000
_COMMIT = re.compile(r"\(([0-9a-f]{7,})\b")


def as_markdown(comparison: Comparison, comment: Comment = PLAIN) -> str:
    """The text, as long as GitHub takes; empty where nothing changed, unless asked for."""
    if _nothing_changed(comparison) and not comment.always:
        return ""
    return within(
        LONGEST,
        lambda rows: _lines(comparison, comment, rows),
        (200, 50, 20, 10, 0),
        shortest=f"{MARKER}\n## Carbon: {_sentence(comparison)}\n",
    )


def _nothing_changed(comparison: Comparison) -> bool:
    """Whether all was compared, and nothing of it is to be looked at."""
    found = any(test.verdict and is_finding(test.verdict) for test in comparison.compared)
    left_out = bool(comparison.left_out) or not comparison.compared
    return not (found or left_out or comparison.regressed_sums or comparison.is_aa)


def _lines(comparison: Comparison, comment: Comment, rows: int) -> Iterator[str]:
    ordered = tests_in_order(comparison)
    found = [test for test in ordered if test.verdict and is_finding(test.verdict)]
    others = [test for test in ordered if test.verdict and not is_finding(test.verdict)]
    yield MARKER
    yield f"## Carbon: {_sentence(comparison)}"
    yield ""
    yield from markdown_culprits(comparison)
    if found:
        yield from _table(found[:_UNFOLDED])
        yield ""
    yield from _rest(found[_UNFOLDED:], "more", rows)
    yield from _next(comparison)
    yield from page_link(comment.link)
    yield from _rest(others, "others, ok or too small to gate", rows)
    yield "<details><summary>How this was measured</summary>"
    yield ""
    yield f"- {code_span(comparison.base)} → {code_span(comparison.head)}"
    facts = [*remarks(comparison), *suites(comparison, verbose=True)]
    yield from (f"- {code_span(line, _LONGEST_LINE)}" for line in facts[: max(rows, 10)])
    yield ""
    yield "</details>"


def _rest(tests: Sequence[ComparedTest], what: str, rows: int) -> Iterator[str]:
    if tests:
        yield from folded(f"{len(tests)} {what}", _shortened(tests, rows))


def _shortened(tests: Sequence[ComparedTest], rows: int) -> Iterator[str]:
    if rows:
        yield from _table(tests[:rows])
    if 0 < rows < len(tests):
        yield ""
    if len(tests) > rows:
        yield f"{len(tests) - rows} of them are in the other reports."


def _table(tests: Sequence[ComparedTest]) -> Iterator[str]:
    headers = ["change", "test", unbroken("base → head"), "between"]
    return table(headers, "rlrl", map(_row, tests))


def _row(test: ComparedTest) -> list[str]:
    verdict = test.verdict
    assert verdict is not None, "only compared tests have a row"
    change = "" if verdict.ratio is None else format_change(verdict.ratio)
    if verdict.outcome.fails:
        change = f"**{change}**"
    elif verdict.outcome is Outcome.INCONCLUSIVE:
        change = f"{change}, in doubt"
    elif verdict.outcome is Outcome.TOO_SMALL:
        change = "too small"
    return [
        unbroken(change),
        code_span(fitted(visible(test.test), NAME_COLUMNS)),
        unbroken(f"{format_energy(verdict.baseline_j)} → {format_energy(verdict.now_j)}"),
        unbroken(interval_text(verdict, " … ")),
    ]


def _sentence(comparison: Comparison) -> str:
    if not comparison.compared:
        return "nothing was compared"
    passed = comparison.outcomes[Outcome.OK] + comparison.outcomes[Outcome.TOO_SMALL]
    culprits = sum(finding.culprit is not None for finding in comparison.findings)
    said = sentence(comparison.outcomes, culprits=culprits, passed=passed)
    sums = [one.name for one in comparison.regressed_sums]
    if not sums:
        return said or f"no change in {passed} compared"
    files = len([name for name in sums if name])
    whole = "the whole suite" if "" in sums else f"{files} file{'s' * (files != 1)}"
    verb = "burn" if whole.endswith("files") else "burns"
    return f"{whole} {verb} more, {said or f'no single one of {passed} tests does'}"


def _next(comparison: Comparison) -> Iterator[str]:
    """What to type, and what is there to accept."""
    if comparison.exit_status != 1:
        return
    match = _COMMIT.search(comparison.base)
    command = f"pytest-carbon compare {match[1] if match else comparison.base}"
    names = [test.test for test in comparison.with_outcome(Outcome.REGRESSED)[:_AGAIN]]
    # A name that cannot be typed, or ends a code span, is left out.
    names = [shlex.quote(name) for name in names if name.isprintable() and "`" not in name]
    if names and not comparison.regressed_sums:
        command = f"{command} -- {' '.join(names)}"
    yield f"To run it again: {code_span(command, len(command))}"
    yield ""
    yield "If the rise is wanted, merge: `compare` stores nothing, so there is nothing to update."
    yield ""
