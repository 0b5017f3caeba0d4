"""What a comparison prints, and writes as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.compare.culprit_report import culprit_lines, markdown_culprits, suite_line
from pytest_carbon.gate.paired import AIM
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.text import code_span, shown
from pytest_carbon.units import format_change, format_duration, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_carbon.compare.result import ComparedTest, Comparison
    from pytest_carbon.gate.verdict import Verdict

__all__ = ["as_markdown", "as_text"]

_ORDER = (
    Outcome.REGRESSED,
    Outcome.INCONCLUSIVE,
    Outcome.IMPROVED,
    Outcome.OK,
    Outcome.TOO_SMALL,
)
_FINDINGS = _ORDER[:3]
_HEADERS = ["base", "head", "change", "95 % interval", "verdict", "pairs", "test"]
_SHOWN = 10
_LONGEST = 1000


def as_text(comparison: Comparison, *, verbose: bool) -> Iterator[str]:
    """The report for a terminal; ``verbose`` shows every test."""
    from tabulate import tabulate

    yield f"base  {comparison.base}"
    yield f"head  {comparison.head}"
    yield from culprit_lines(comparison)
    rows = _shown(comparison, verbose=verbose)
    if rows:
        yield ""
        table = tabulate(
            [_row(test) for test in rows],
            headers=_HEADERS,
            tablefmt="plain",
            colalign=("right", "right", "right", "right", "left", "right", "left"),
            disable_numparse=True,
        )
        yield from table.splitlines()
        hidden = len(comparison.compared) - len(rows)
        if hidden:
            yield f"and {hidden} more, ok or too small to gate; -v shows all"
    yield ""
    yield from _remarks(comparison)
    yield from _sums(comparison)


def as_markdown(comparison: Comparison) -> str:
    """The report for a pull request's comment."""
    from tabulate import tabulate

    findings = [test for outcome in _FINDINGS for test in comparison.with_outcome(outcome)]
    lines = [
        f"### Energy: {_headline(comparison)}",
        "",
        f"{code_span(comparison.base)} → {code_span(comparison.head)}",
        "",
    ]
    lines += markdown_culprits(comparison)
    if findings:
        rows = [[*_row(test)[:-1], code_span(test.test)] for test in findings]
        lines += [tabulate(rows, headers=_HEADERS, tablefmt="github", disable_numparse=True), ""]
    rest = [t for t in _shown(comparison, verbose=True) if t not in findings]
    if rest:
        rows = [[*_row(test)[:-1], code_span(test.test)] for test in rest]
        table = tabulate(rows, headers=_HEADERS, tablefmt="github", disable_numparse=True)
        lines += [
            f"<details><summary>{len(rest)} others</summary>",
            "",
            table,
            "",
            "</details>",
            "",
        ]
    lines += [
        f"- {code_span(line, _LONGEST)}" for line in (*_remarks(comparison), *_sums(comparison))
    ]
    return "\n".join(lines) + "\n"


def _shown(comparison: Comparison, *, verbose: bool) -> list[ComparedTest]:
    tests = [test for outcome in _ORDER for test in comparison.with_outcome(outcome)]
    if verbose:
        return tests
    findings = [t for t in tests if t.verdict and t.verdict.outcome in _FINDINGS]
    costliest = sorted(
        (t for t in tests if t.verdict and t.verdict.outcome is Outcome.OK),
        key=lambda t: -(t.verdict.now_j or 0.0 if t.verdict else 0.0),
    )
    return findings + costliest[:_SHOWN]


def _row(test: ComparedTest) -> list[str]:
    verdict = test.verdict
    assert verdict is not None, "only compared tests have a row"
    interval = ""
    if verdict.low is not None and verdict.high is not None:
        interval = f"{format_change(verdict.low)} … {format_change(verdict.high)}"
    return [
        format_energy(verdict.baseline_j),
        format_energy(verdict.now_j),
        "" if verdict.ratio is None else format_change(verdict.ratio),
        interval,
        _said(verdict),
        str(test.pairs),
        shown(test.test),
    ]


def _said(verdict: Verdict) -> str:
    """The verdict in words; ``ok`` says from which rise on it would not have been."""
    if verdict.outcome is not Outcome.OK or not verdict.limit_j or not verdict.baseline_j:
        return verdict.outcome.value
    allowed = verdict.limit_j / verdict.baseline_j - 1
    return f"ok, below {format_change(1 + AIM * allowed)}"


def _remarks(comparison: Comparison) -> Iterator[str]:
    for test in comparison.left_out:
        yield f"not compared: {shown(test.test)}: {shown(test.why)}"
    yield from _listed("new", "only head has it", comparison.new)
    yield from _listed("gone", "only base has it", comparison.gone)
    for note in comparison.notes:
        yield f"note: {note}"


def _listed(word: str, why: str, names: Sequence[str]) -> Iterator[str]:
    for name in names[:_SHOWN]:
        yield f"{word} ({why}): {shown(name)}"
    if len(names) > _SHOWN:
        yield f"{word}: {len(names) - _SHOWN} more"


def _headline(comparison: Comparison) -> str:
    if not comparison.compared:
        return "nothing was compared"
    counts = [
        f"{comparison.outcomes[outcome]} {outcome.value}"
        for outcome in _ORDER
        if comparison.outcomes[outcome]
    ]
    return ", ".join(counts)


def _sums(comparison: Comparison) -> Iterator[str]:
    if comparison.is_aa:
        yield from _aa(comparison)
    yield f"files: {comparison.proof}"
    yield f"method: {comparison.method}"
    pairs = sum(test.pairs for test in comparison.tests)
    yield (
        f"{_headline(comparison)}; tolerance {format_change(1 + comparison.tolerance)}, "
        f"{pairs} pairs, {comparison.suspects} tests measured in further processes, "
        f"{format_duration(comparison.wall_s)} ({format_duration(comparison.once_s)} to start both "
        "and run every test once on each)"
    )
    yield from suite_line(comparison)


def _aa(comparison: Comparison) -> Iterator[str]:
    """What base against itself says of this machine."""
    tests = len(comparison.compared) - comparison.outcomes[Outcome.TOO_SMALL]
    if not tests:
        yield "base against itself: no test is large enough to say anything"
        return
    alarms = comparison.outcomes[Outcome.REGRESSED] + comparison.outcomes[Outcome.IMPROVED]
    # With none in n, the true rate is below 3/n in 95 % of the cases.
    bound = "" if alarms else f" (which excludes no rate below {min(1.0, 3 / tests):.0%} a test)"
    yield f"base against itself: {alarms} false alarms in {tests} tests{bound}"
    verdicts = [test.verdict for test in comparison.compared if test.verdict is not None]
    seen = sorted(verdict.can_see for verdict in verdicts if verdict.can_see is not None)
    if seen:
        yield (
            "smallest rise that is found in 95 % of the cases here: "
            f"{format_change(1 + seen[len(seen) // 2])} for half of the tests, "
            f"{format_change(1 + seen[-1])} for all"
        )
