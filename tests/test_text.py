"""Foreign text made harmless."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_carbon.text import (
    code_span,
    counted,
    csv_text,
    printable_line,
    short_name,
    shown,
    visible,
    workflow_data,
    workflow_property,
)


@pytest.mark.parametrize(("count", "words"), [(0, "0 tests"), (1, "1 test"), (2, "2 tests")])
def test_what_is_counted_is_one_or_many(count: int, words: str) -> None:
    assert counted(count, "test") == words


hostile = st.text() | st.text("`|\\ \n\r<>&@#*_[]()!:/\u202e\ud800")


@given(hostile)
def test_what_is_visible_is_one_printable_line(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


def test_scripts_and_emoji_stay() -> None:
    assert visible("naïve 测试 🌍") == "naïve 测试 🌍"
    assert visible("a\x1b[31m\n\u202eb") == r"a\x1b[31m\n\u202eb"


def test_long_names_keep_head_and_tail_and_differ() -> None:
    one, other = ("tests/a.py::test[" + letter + "x" * 10_000 + "]" for letter in "ab")
    assert len(short_name(one)) == 200
    assert short_name(one).startswith("tests/a.py::test[a")
    assert short_name(one)[25:] != short_name(other)[25:]
    assert short_name("short") == "short"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert csv_text(text)[0] not in "=+-@\t\r"


@given(hostile)
def test_a_code_span_in_a_table_holds_the_text_and_nothing_else(text: str) -> None:
    table = f"| a | b |\n| - | - |\n| {code_span(text)} | end |\n"
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    cells = [t.children or [] for before, t in pairwise(tokens) if before.type == "td_open"]
    assert len(cells) == 2
    assert [child.type for child in cells[0]] == ["code_inline"]
    assert cells[1][0].content == "end"
    expected = shown(text)
    if "|" not in expected and expected.strip():
        assert cells[0][0].content == expected


def test_workflow_commands_are_escaped() -> None:
    assert workflow_data("50%\n::error::x") == "50%25%0A::error::x"
    assert workflow_property("a,b:c\r\n") == "a%2Cb%3Ac%0D%0A"
    assert shown("##[error]x") == r"##\x5berror]x"
    assert shown("a ##vso[task.complete]x") == r"a ##vso\x5btask.complete]x"
    assert printable_line("##teamcity[x]") == r"##teamcity\x5bx]"
    assert code_span("##[error]x") == r"`##\x5berror]x`"
    assert printable_line("# [x] ## y[1]") == "# [x] ## y[1]"
