"""A comparison as a comment on a pull request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from pytest_carbon.compare.markdown import MARKER, as_markdown
from pytest_carbon.compare.whole_suite import ComparedSum
from pytest_carbon.gate.pairs.whole_suite import Sum, SumOutcome
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.report.comment import Comment
from tests.compare.test_culprit_report import twenty
from tests.compare.test_report import LEFT_OUT, OK, REGRESSED, compared, comparison

if TYPE_CHECKING:
    from pytest_carbon.compare.result import ComparedTest

ALWAYS = Comment(always=True)


def test_it_begins_with_one_sentence_and_the_change() -> None:
    text = as_markdown(comparison(OK, REGRESSED)).replace("&nbsp;", " ")
    assert text.startswith(f"{MARKER}\n## Carbon: 1 test burns more, 1 passed\n")
    shown, _, folded = text.partition("<details>")
    table = [line for line in shown.splitlines() if line.startswith("|")]
    assert table[0] == "| change | test | base → head | between |"
    assert table[2] == "| **+10 %** | `t.py::slow` | 80.0 mJ → 88.0 mJ | +7.8 % … +12 % |"
    assert len(table) == 3
    assert "`t.py::same`" in folded


def test_all_findings_but_ten_are_folded() -> None:
    tests = [compared(f"t.py::{number}", Outcome.REGRESSED, 2.0) for number in range(15)]
    shown, _, folded = as_markdown(comparison(*tests)).partition(
        "<details><summary>5 more</summary>"
    )
    assert (shown.count("| `t.py::"), folded.count("| `t.py::")) == (10, 5)


def test_names_leave_room_in_a_comment_and_keep_file_and_test() -> None:
    name = "tests/deep/down/test_prevention.py::TestDoS::test_very_large_token_list[case-7]"
    text = as_markdown(comparison(compared(name, Outcome.REGRESSED, 2.0)))
    [row] = [line for line in text.splitlines() if line.startswith("| **")]
    shown = row.split("|")[2].strip().strip("`")
    assert len(shown) <= 44
    assert shown.startswith("test_p")
    assert ".py::" in shown
    assert shown.endswith("[case-7]")


def test_culprits_are_counted_and_named_once() -> None:
    text = as_markdown(twenty())
    assert "## Carbon: 20 tests burn more, 1 culprit, 1 passed" in text
    assert text.count("src/lexer.py:41 Lexer.wrap") == 1


def test_it_says_how_to_run_it_again_and_that_nothing_is_to_be_accepted() -> None:
    text = as_markdown(comparison(OK, REGRESSED))
    assert "To run it again: `pytest-carbon compare 1234567 -- t.py::slow`" in text
    assert "`compare` stores nothing" in text
    assert "To run it again" not in as_markdown(comparison(OK), ALWAYS)


def test_a_name_that_ends_a_code_span_is_not_typed() -> None:
    odd = compared("t.py::a`b", Outcome.REGRESSED, 2.0)
    assert "To run it again: `pytest-carbon compare 1234567`\n" in as_markdown(comparison(odd))


def test_the_page_is_linked_where_its_address_is_known() -> None:
    comment = Comment(link="https://ci.example.org/7/(carbon).html")
    page = MarkdownIt("commonmark").render(as_markdown(comparison(REGRESSED), comment))
    assert '<a href="https://ci.example.org/7/(carbon).html">All figures, as a page</a>' in page


@pytest.mark.parametrize(
    ("tests", "is_said"),
    [
        ((OK,), False),
        ((OK, compared("t.py::tiny", Outcome.TOO_SMALL)), False),
        ((OK, REGRESSED), True),
        ((OK, compared("t.py::better", Outcome.IMPROVED, 0.5)), True),
        ((OK, compared("t.py::odd", Outcome.INCONCLUSIVE, 1.2)), True),
        ((OK, LEFT_OUT), True),
        ((), True),
    ],
)
def test_nothing_is_said_where_nothing_changed(
    tests: tuple[ComparedTest, ...], is_said: bool
) -> None:
    assert bool(as_markdown(comparison(*tests))) is is_said
    assert as_markdown(comparison(*tests), ALWAYS)


def test_no_change_is_said_where_it_is_asked_for() -> None:
    assert "## Carbon: no change in 1 compared" in as_markdown(comparison(OK), ALWAYS)


def test_a_rise_that_no_test_shows_by_itself_is_in_the_sentence() -> None:
    rest = Sum(SumOutcome.REGRESSED, base_j=9.0, ratio=1.02, low=1.012, high=1.028, passes=3)
    shown = replace(comparison(OK), sums=(ComparedSum("", 700, rest),))
    text = as_markdown(shown)
    assert "## Carbon: the whole suite burns more, no single one of 1 tests does" in text
    assert "- the whole suite: +2.0 % (+1.2 % … +2.8 %), spread over 700 tests" in text


def test_a_comment_is_not_longer_than_github_takes() -> None:
    tests = [
        compared(f"t.py::{'x' * 150}{number}", Outcome.REGRESSED, 2.0) for number in range(900)
    ]
    text = as_markdown(comparison(*tests))
    assert 5_000 < len(text) < 65_536
    assert "of them are in the other reports" in text
