"""Names and messages that attack whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytest_carbon.gate.verdict import Outcome
from tests.results import run_result, subject

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult

__all__ = ["ATTACKS", "HOSTILE", "attack", "hostile_result"]

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<!-- --> ]]> &lt;&amp;",
    "[link](https://example.org) ![image](x) **bold** `code` | cell |",
    "\\| `` ``` \\",
    "# heading\n\n- item\n| a | b |\n",
    "@everyone #1 https://example.org www.example.org",
    "\n::error::owned\r\n::set-output name=x::y",
    "##[error]owned",
    "##vso[task.setvariable variable=PATH]/owned ##teamcity[message text='owned']",
    "::warning file=a,line=1::%0A",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    'quote " back\\slash \\n',
    "\x1b[31mred\x1b[0m \x07 \x00",
    "\u202eright to left\u202c \u200b \u2028",
    "\ud800 lone",
    "x" * 10_000,
    "",
    " ",
    "{{data}} ${x} {b|rich}",
    "naïve 测试 🌍",
)


def hostile_result() -> RunResult:
    """A run in which each of them is a name, a parameter, a reason, a path and a note.

    The first ones of a kind that does harm by itself stand in every other text, too.
    """
    subjects = []
    for place, text in enumerate(HOSTILE):
        # At the start, where a formula or a command counts, and as a parameter.
        for name in (text, f"tests/test_{place}.py::test[{text}]"):
            one = subject(name, 2.0, outcome=Outcome.REGRESSED, baseline_j=1.0)
            assert one.verdict is not None
            verdict = one.verdict._replace(reason=text)
            subjects.append(one._replace(verdict=verdict, path=text, notes=(text,)))
    result = run_result(*subjects)
    assert result.origin is not None
    origin = result.origin._replace(project="=1+1 <b>", branch=HOSTILE[1])
    return result._replace(notes=HOSTILE, baselines=HOSTILE[0], origin=origin)


ATTACKS = ("\x1b[31mred\x07", "::error::owned", "=1+1", "<b>|`@all", "\n::error::owned\n")


def attack(value: Any, text: str) -> Any:
    """The same record, with ``text`` in every field that holds a text of anybody's."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return text
    if isinstance(value, Mapping):
        return {key: attack(item, text) for key, item in value.items()}
    if hasattr(value, "_fields"):
        kept = {"started_at"}
        return value._replace(
            **{n: attack(getattr(value, n), text) for n in value._fields if n not in kept}
        )
    return tuple(attack(item, text) for item in value) if isinstance(value, tuple) else value
