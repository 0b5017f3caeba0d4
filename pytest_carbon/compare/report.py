"""What a comparison prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.compare.culprit_report import culprit_lines, suite_line
from pytest_carbon.gate.pairs.suspects import AIM_OF_PAIRS
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.report.figures import interval_text
from pytest_carbon.report.method import short_method
from pytest_carbon.report.names import columns, fitted, padded
from pytest_carbon.text import counted, shown
from pytest_carbon.units import format_change, format_duration, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_carbon.compare.result import ComparedTest, Comparison
    from pytest_carbon.gate.verdict import Verdict

__all__ = ["as_text", "remarks", "suites", "tests_in_order"]

_ORDER = (
    Outcome.REGRESSED,
    Outcome.INCONCLUSIVE,
    Outcome.IMPROVED,
    Outcome.OK,
    Outcome.TOO_SMALL,
)
_FINDINGS = _ORDER[:3]
_HEADERS = ["test", "base", "head", "change", "95 % interval", "pairs", "verdict"]
_WIDE_ONLY = frozenset({4, 5})
"""Columns that a narrow terminal has no room for; the Markdown and JSON reports have them."""

_WIDE = 110
_NARROWEST_NAME = 24
_SHOWN = 10


def as_text(comparison: Comparison, *, verbose: bool, width: int = 120) -> Iterator[str]:
    """The report for a terminal of ``width`` columns; ``verbose`` shows every test."""
    yield f"base  {comparison.base}"
    yield f"head  {comparison.head}"
    yield from culprit_lines(comparison)
    tests = _shown(comparison, verbose=verbose)
    if tests:
        yield ""
        yield from _table(tests, width)
        hidden = len(comparison.compared) - len(tests)
        if hidden:
            yield f"and {hidden} more, ok or too small to gate; -v shows all"
    yield ""
    yield from remarks(comparison)
    yield from suites(comparison, verbose=verbose)


def _table(tests: Sequence[ComparedTest], width: int) -> Iterator[str]:
    """Names first, fitted to what the figures leave of the width."""
    left_out = _WIDE_ONLY if width < _WIDE else frozenset[int]()
    lines = [_HEADERS, *map(_row, tests)]
    kept = [[c for place, c in enumerate(line) if place not in left_out] for line in lines]
    widths = [max(map(columns, column)) for column in list(zip(*kept, strict=True))[1:]]
    room = max(_NARROWEST_NAME, width - sum(widths) - 2 * len(widths))
    names = [fitted(line[0], room) for line in kept]
    room = max(map(columns, names))
    for name, line in zip(names, kept, strict=True):
        # The verdict, which comes last, is words.
        cells = [padded(c, w, right=True) for c, w in zip(line[1:-1], widths, strict=False)]
        yield "  ".join([padded(name, room), *cells, line[-1]])


def tests_in_order(comparison: Comparison) -> list[ComparedTest]:
    """All compared tests, what is to be looked at first."""
    return [test for outcome in _ORDER for test in comparison.with_outcome(outcome)]


def _shown(comparison: Comparison, *, verbose: bool) -> list[ComparedTest]:
    tests = tests_in_order(comparison)
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
    return [
        shown(test.test),
        format_energy(verdict.baseline_j),
        format_energy(verdict.now_j),
        "" if verdict.ratio is None else format_change(verdict.ratio),
        interval_text(verdict, " … "),
        str(test.pairs),
        _said(verdict),
    ]


def _said(verdict: Verdict) -> str:
    """The verdict in words; ``ok`` says from which rise on it would not have been."""
    if verdict.outcome is not Outcome.OK or not verdict.limit_j or not verdict.baseline_j:
        return verdict.outcome.value
    allowed = verdict.limit_j / verdict.baseline_j - 1
    return f"ok, below {format_change(1 + AIM_OF_PAIRS * allowed)}"


def remarks(comparison: Comparison) -> Iterator[str]:
    """What was not compared, and notes."""
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


def suites(comparison: Comparison, *, verbose: bool) -> Iterator[str]:
    """How it was measured, and what all tests together did."""
    if comparison.is_aa:
        yield from _aa(comparison)
    yield f"files: {comparison.proof}"
    method = comparison.method
    yield f"method: {method if verbose else short_method(method.partition('; clock: ')[:1])}"
    pairs = sum(test.pairs for test in comparison.tests)
    further = counted(comparison.suspects, "test")
    yield (
        f"{_headline(comparison)}; tolerance {format_change(1 + comparison.tolerance)}, "
        f"{counted(pairs, 'pair')}, {further} measured in further processes, "
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
    found = "1 false alarm" if alarms == 1 else f"{alarms} false alarms"
    yield f"base against itself: {found} in {tests} test{'' if tests == 1 else 's'}{bound}"
    verdicts = [test.verdict for test in comparison.compared if test.verdict is not None]
    seen = sorted(verdict.can_see for verdict in verdicts if verdict.can_see is not None)
    if seen:
        yield (
            "smallest rise that is found in 95 % of the cases here: "
            f"{format_change(1 + seen[len(seen) // 2])} for half of the tests, "
            f"{format_change(1 + seen[-1])} for all"
        )
