"""How a comparison shows culprits and sums."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.compare.as_json import as_json
from pytest_carbon.compare.culprit_report import github_annotations
from pytest_carbon.compare.markdown import as_markdown
from pytest_carbon.compare.report import as_text
from pytest_carbon.compare.whole_suite import ComparedSum
from pytest_carbon.explain.culprit import Culprit, Explanation
from pytest_carbon.gate.pairs.whole_suite import Sum, SumOutcome
from pytest_carbon.gate.verdict import Outcome
from tests.compare.test_report import OK, compared, comparison

if TYPE_CHECKING:
    from pytest_carbon.compare.result import ComparedTest, Comparison

LEXER = Culprit("src/lexer.py", 41, "Lexer.wrap", 0.031, True, "called 1,200 → 4,800 times")


def convicted(name: str, explanation: Explanation) -> ComparedTest:
    return replace(compared(name, Outcome.REGRESSED, 1.5), explanation=explanation)


def twenty() -> Comparison:
    explanation = Explanation(0.033, (LEXER,))
    return comparison(OK, *(convicted(f"t.py::test_{at}", explanation) for at in range(20)))


def test_the_terminal_leads_with_the_culprit_then_lists_tests() -> None:
    lines = list(as_text(twenty(), verbose=False))
    at = lines.index("burn more: 20 tests, one culprit")
    assert lines[at + 1].startswith("  culprit  src/lexer.py:41 Lexer.wrap  +620 mJ of +660 mJ")
    assert lines[at + 2].split() == ["+50", "%", "t.py::test_0"]
    assert lines[at + 12] == "    and 10 more"
    assert at < next(at for at, line in enumerate(lines) if "verdict" in line)


def test_markdown_leads_with_the_culprit_too() -> None:
    text = as_markdown(twenty())
    assert text.index("- culprit: `src/lexer.py:41 Lexer.wrap") < text.index("| change")


def test_an_annotation_stands_on_the_culprits_line() -> None:
    [line] = github_annotations(twenty())
    assert line.startswith(
        "::error file=src/lexer.py,line=41,title=carbon%3A 20 tests burn more::culprit  "
    )
    assert line.endswith(" and 10 more")


def test_hostile_names_start_no_command_and_no_markup() -> None:
    evil = Culprit("a`b.py", 1, "x\n::error::", 0.03, False, "calls \x1b[31mred 1 → 2 times")
    test = convicted("t.py::test[\n::error::x]", Explanation(0.03, (evil,)))
    shown = comparison(test)
    texts = [
        *as_text(shown, verbose=True),
        *github_annotations(shown),
        *as_markdown(shown).splitlines(),
    ]
    assert not [text for text in texts if "\x1b" in text or text.startswith("::error::")]
    assert len(list(github_annotations(shown))) == 1


def test_the_last_line_says_what_the_whole_suite_did() -> None:
    rest = Sum(SumOutcome.OK, base_j=0.92, ratio=1.0, low=0.99, high=1.01, passes=2)
    shown = replace(twenty(), sums=(ComparedSum("", 700, rest),))
    # Twenty tests of 80 mJ rose by half, the others did nothing.
    assert list(as_text(shown, verbose=False))[-1] == "whole suite +32 % (+31 % … +32 %)"


def test_a_sum_that_burns_more_is_a_finding_of_its_own() -> None:
    rest = Sum(SumOutcome.REGRESSED, base_j=9.0, ratio=1.02, low=1.012, high=1.028, passes=3)
    explanation = Explanation(0.18, (LEXER._replace(energy_j=0.15),))
    shown = replace(comparison(OK), sums=(ComparedSum("", 700, rest, explanation),))
    assert shown.exit_status == 1
    text = "\n".join(as_text(shown, verbose=False))
    assert "whole suite burns more: +2.0 % (+1.2 % … +2.8 %), spread over 700 tests" in text
    assert "culprit  src/lexer.py:41 Lexer.wrap  +150 mJ of +180 mJ" in text
    [one] = as_json(shown)["sums"]
    assert one["verdict"]["outcome"] == "regressed"
    assert one["explanation"]["culprits"][0]["line"] == 41
