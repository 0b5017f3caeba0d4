"""Every message that the page of troubleshooting quotes is one that the code can say."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.pages import DOCS, PACKAGE, hook

PAGE = DOCS / "troubleshooting.md"
QUOTED = re.findall(r"^\| `([^`]*)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@cache
def said() -> str:
    """All texts of the code, one a line, with ``…`` for what is filled in."""
    nodes = [
        node
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    literal = hook()._literal
    return "\n".join(literal(node) for node in nodes if isinstance(node, ast.expr))


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_of_the_code(message: str) -> None:
    # A message may end earlier than the code's own, which then goes on with something filled in.
    assert message.removesuffix(": …") in said() or message in said()


def test_no_message_is_quoted_twice() -> None:
    assert len(QUOTED) == len(set(QUOTED)) > 40


def test_all_errors_of_the_code_are_listed() -> None:
    listed = hook().errors()
    assert "`… is in no git working tree`" in listed
    assert "run compare inside the checkout of the project" in listed
    assert listed.count("\n") > 80
