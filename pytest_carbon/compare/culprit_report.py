"""What a comparison says of culprits and of sums: first of all, as that is what can be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.explain.findings import headline
from pytest_carbon.report.comment import NAME_COLUMNS
from pytest_carbon.report.names import fitted
from pytest_carbon.text import code_span, counted, shown, visible, workflow_data, workflow_property
from pytest_carbon.units import format_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.compare.result import Comparison
    from pytest_carbon.compare.whole_suite import ComparedSum

__all__ = [
    "change_words",
    "culprit_lines",
    "github_annotations",
    "markdown_culprits",
    "suite_line",
]

_SHOWN = 10
_NAMED = 3

# A line about a culprit names files and functions, but no novels.
_LINE = 400


def culprit_lines(comparison: Comparison) -> Iterator[str]:
    """For a terminal: sums that burn more, then each culprit with its tests."""
    found = comparison.findings
    for one in comparison.regressed_sums:
        yield ""
        yield (
            f"{_name_of(one)} burns more: {_change_of(one)}, spread over {one.tests} tests; "
            "none of them shows it by itself"
        )
        if one.explanation is not None:
            yield from (f"  {shown(line, _LINE)}" for line in one.explanation.lines())
    if not found:
        return
    changes = {test.test: test.verdict for test in comparison.tests}
    yield ""
    yield f"burn more: {headline(found)}"
    for finding in found:
        yield from (f"  {shown(line, _LINE)}" for line in finding.lines)
        for name in finding.tests[:_SHOWN]:
            verdict = changes[name]
            ratio = None if verdict is None else verdict.ratio
            yield f"    {'' if ratio is None else format_change(ratio):>8}  {shown(name)}"
        if len(finding.tests) > _SHOWN:
            yield f"    and {len(finding.tests) - _SHOWN} more"
        if finding.explained:
            more = counted(len(finding.explained), "more suspect")
            yield f"    explains {more}, not measured further (--all measures each)"


def markdown_culprits(comparison: Comparison) -> list[str]:
    """The same for a pull request's comment, in which the table has the tests."""
    lines: list[str] = []
    found = comparison.findings
    for finding in found[:_SHOWN]:
        lines += [f"- {_markdown_line(line)}" for line in finding.lines]
        where: list[str] = []
        if len(found) > 1:
            names = [code_span(fitted(visible(n), NAME_COLUMNS)) for n in finding.tests[:_NAMED]]
            more = len(finding.tests) - _NAMED
            where.append(f"in {', '.join(names)}{f' and {more} more' if more > 0 else ''}")
        if finding.explained:
            where.append(
                f"explains {counted(len(finding.explained), 'more suspect')}, not measured further"
            )
        lines += [f"  {'; '.join(where)}"] if where else []
    if len(found) > _SHOWN:
        lines.append(f"- {counted(len(found) - _SHOWN, 'more culprit')}")
    for one in comparison.regressed_sums:
        name = code_span(_name_of(one)) if one.name else "the whole suite"
        lines.append(f"- {name}: {_change_of(one)}, spread over {one.tests} tests")
        culprits = () if one.explanation is None else one.explanation.culprits
        known = {(f.culprit.file, f.culprit.name) for f in found if f.culprit is not None}
        if one.explanation is not None and not {(c.file, c.name) for c in culprits} & known:
            lines += [f"  - {_markdown_line(line)}" for line in one.explanation.lines()]
    return [*lines, ""] if lines else []


def _markdown_line(line: str) -> str:
    """A sentence of ``explain``, whose names are code."""
    word, separator, rest = line.partition("  ")
    if word == "culprit" and separator:
        return f"culprit: {code_span(rest, _LINE)}"
    return code_span(line, _LINE)


def github_annotations(comparison: Comparison) -> Iterator[str]:
    """GitHub's commands that mark each culprit's line in a pull request, and each lone test."""
    for finding in comparison.findings:
        count = len(finding.tests)
        title = f"carbon: {count} test{'s burn' if count > 1 else ' burns'} more"
        properties = [f"title={workflow_property(title)}"]
        if finding.culprit is not None:
            path = workflow_property(shown(finding.culprit.file))
            properties = [f"file={path}", f"line={finding.culprit.line}", *properties]
        named = ", ".join(shown(name) for name in finding.tests[:_SHOWN])
        more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
        message = f"{shown(finding.lines[0], _LINE)}\n{named}{more}"
        yield f"::error {','.join(properties)}::{workflow_data(message)}"


def suite_line(comparison: Comparison) -> Iterator[str]:
    """What the whole suite did, the tests with findings of their own included."""
    whole = comparison.whole_suite
    if whole is not None:
        yield f"whole suite {change_words(*whole)}"


def _name_of(one: ComparedSum) -> str:
    return shown(one.name) if one.name else "whole suite"


def _change_of(one: ComparedSum) -> str:
    return change_words(one.verdict.ratio, one.verdict.low, one.verdict.high)


def change_words(ratio: float, low: float, high: float) -> str:
    """A change with its interval, each a ratio of head to base."""
    return f"{format_change(ratio)} ({format_change(low)} … {format_change(high)})"
