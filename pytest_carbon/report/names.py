"""Names of tests that fit a column: file and test both stay readable."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from pytest_carbon.text import shown

if TYPE_CHECKING:
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["columns", "fitted", "host_mark", "padded"]

_MORE = "…"


def host_mark(subject: SubjectResult) -> str:
    """Where a subject ran, behind its name; nothing where a run has but one host."""
    return f" (on {shown(subject.host)})" if subject.host else ""


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """``text`` with spaces up to ``width`` columns."""
    room = " " * max(0, width - columns(text))
    return room + text if right else text + room


def fitted(nodeid: str, width: int) -> str:
    """A node id in at most ``width`` columns: first its folders go, then its classes.

    If that is not enough, file and test are shortened in the middle.
    """
    if columns(nodeid) <= width:
        return nodeid
    file, separator, rest = nodeid.partition("::")
    if not separator:
        return _middle(nodeid, width)
    name = file.rpartition("/")[2]
    bracket = rest.find("[")
    last = rest.rfind("::", 0, bracket if bracket >= 0 else len(rest))
    test = rest[last + 2 :] if last >= 0 else rest
    link = f"::{_MORE}::" if last >= 0 else "::"
    candidates = [f"{_MORE}/{name}::{rest}", f"{name}::{rest}", f"{name}{link}{test}"]
    for candidate in candidates:
        if columns(candidate) <= width:
            return candidate
    room = width - 2
    # A name of a usual length stays whole; most of the room is the test's.
    most = columns(name) if columns(name) <= room * 2 // 5 else room // 3
    file_width = min(columns(name), max(most, room - columns(test)))
    return f"{_middle(name, file_width)}::{_middle(test, room - file_width)}"


def _middle(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns; what is left out is in its middle."""
    if columns(text) <= width:
        return text
    if width <= 1:
        return _MORE[:width]
    head = (width - 1) // 2
    return _start(text, head) + _MORE + _start(text[::-1], width - 1 - head)[::-1]


def _start(text: str, width: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += _width(char)
        if taken > width:
            return text[:place]
    return text
