"""Foreign text made harmless: names and messages come from tests, and may hold anything.

Nothing that is shown may start a command, a formula or markup, hide characters, or flood a page.
"""

from __future__ import annotations

import re

__all__ = [
    "LONGEST",
    "code_span",
    "counted",
    "csv_text",
    "printable_line",
    "short_name",
    "shown",
    "unbroken",
    "visible",
    "without_nul",
    "workflow_data",
    "workflow_property",
]

LONGEST = 200
"""Names are shown with at most this many characters."""

_DIGEST = 8
# With the wide forms, which some spreadsheets take for the same.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
_COMMAND = re.compile(r"^(\s*):(?=:)")
_ANYWHERE = re.compile(r"##(\w*)\[")
_PIPE = re.compile(r"(\\*)\|")
_TICKS = re.compile("`+")


def counted(count: int, noun: str) -> str:
    """How many there are of a thing with a regular plural: ``1 test``, ``2 tests``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def visible(text: str) -> str:
    """``text`` on one line, with all that cannot be seen written as escapes."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def short_name(text: str, longest: int = LONGEST) -> str:
    """A name of at most ``longest`` characters; what is left out is told apart by a digest."""
    if len(text) <= longest:
        return text
    import hashlib

    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    tail = (longest - _DIGEST - 2) // 3
    head = longest - _DIGEST - 2 - tail
    return f"{text[:head]}…{digest}…{text[-tail:]}"


def shown(text: str, longest: int = LONGEST) -> str:
    """A name for people and logs: visible and short.

    Commands that count anywhere in a line of a CI system's log are broken up (GitHub's old form,
    Azure's ``##vso[``, TeamCity's); GitHub's new one counts only at a line's start.
    """
    return _ANYWHERE.sub(r"##\1\\x5b", short_name(visible(text), longest))


def printable_line(text: str) -> str:
    """A line for a terminal or a log: visible, and no command for the CI system that reads it."""
    return _ANYWHERE.sub(r"##\1\\x5b", _COMMAND.sub(r"\1\\x3a", visible(text)))


def without_nul(text: str) -> str:
    """The text, as a setting may be: TOML can hold what no name of a file can.

    Raises ``ValueError`` with the remedy.
    """
    if "\0" in text:
        raise ValueError("holds a NUL character: leave it out")
    return text


def unbroken(text: str) -> str:
    """A figure with its unit, as Markdown that stays on one line."""
    return text.replace(" ", "&nbsp;")


def csv_text(text: str) -> str:
    """A text for a cell that no spreadsheet takes for a formula, and no log for a command."""
    text = printable_line(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def code_span(text: str, longest: int = LONGEST) -> str:
    """A text as Markdown code, also inside a table; nothing in it is markup or a mention.

    Nor is it a command where the Markdown is printed into a log.
    """
    text = _PIPE.sub(lambda match: match[1] * 2 + r"\|", shown(text, longest))
    if not text.strip():
        return "` `"
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    # A space is taken off on both sides again, where there is one on both.
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def workflow_data(text: str) -> str:
    """The message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """A value among the properties of a GitHub workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")
