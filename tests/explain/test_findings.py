"""Tests with the same culprit are one finding."""

from __future__ import annotations

from pytest_carbon.explain.culprit import Culprit, Explanation
from pytest_carbon.explain.findings import findings, headline

LEXER = Culprit("src/lexer.py", 41, "Lexer.wrap", 0.031, True, "called 1,200 → 4,800 times")
OTHER = Culprit("src/parser.py", 7, "parse", 0.002, False)


def test_twenty_tests_with_one_culprit_are_one_finding() -> None:
    explanations = {f"test_{at}": Explanation(0.033, (LEXER, OTHER)) for at in range(20)}
    [finding] = findings(explanations, {})
    assert len(finding.tests) == 20
    assert headline([finding]) == "20 tests, one culprit"
    [line] = finding.lines
    assert line == (
        "culprit  src/lexer.py:41 Lexer.wrap  +620 mJ of +660 mJ in 20 tests "
        "(changed; called 1,200 → 4,800 times)"
    )


def test_the_greatest_rise_comes_first_and_the_unexplained_last() -> None:
    explanations = {
        "unknown": Explanation(9.0, trouble="it does not pass under a profiler"),
        "small": Explanation(0.002, (OTHER,)),
        "large": Explanation(0.033, (LEXER,)),
    }
    found = findings(explanations, {})
    assert [finding.tests for finding in found] == [("large",), ("small",), ("unknown",)]
    assert headline(found) == "3 tests, 2 culprits"
    assert found[-1].lines == ("culprit  unknown: it does not pass under a profiler",)


def test_a_single_test_names_all_its_culprits() -> None:
    [finding] = findings({"one": Explanation(0.033, (LEXER, OTHER))}, {})
    assert len(finding.lines) == 2


def test_no_convicted_test_is_no_finding() -> None:
    assert findings({}, {}) == []


def test_suspects_with_a_known_culprit_are_counted_beside_the_convicted() -> None:
    convicted = {"a": Explanation(0.033, (LEXER,)), "b": Explanation(0.002, (OTHER,))}
    explained = {"c": Explanation(0.01, (LEXER,)), "d": Explanation(0.01, (LEXER,))}
    first, second = findings(convicted, explained)
    assert (first.tests, first.explained) == (("a",), ("c", "d"))
    assert second.explained == ()
