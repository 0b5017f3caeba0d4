"""Where in a JSON text something stands: walked only when there is something to complain about.

The standard library's parser tells nothing about places once a text is parsed, and keeping
them for every value would cost more than the parsing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

__all__ = ["Member", "line_and_column", "members", "place_of", "repeated_member"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Member(NamedTuple):
    """One name in a JSON text: the names above it and its own, and two character offsets."""

    path: tuple[str, ...]
    key_at: int
    value_at: int


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, both counted from one, as editors do."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None, "the pattern matches nothing, too"
    return match.end()


def _walk(text: str, at: int, path: tuple[str, ...]) -> Generator[Member, None, int]:
    """Yield the members of the value at ``at``; return the offset behind it."""
    opening = text[at]
    if opening not in "{[":
        return _DECODER.raw_decode(text, at)[1]
    at = _skip_space(text, at + 1)
    index = 0
    while text[at] not in "}]":
        key_at, name = at, str(index)
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _skip_space(text, _skip_space(text, at) + 1)
        yield Member((*path, name), key_at, at)
        at = _skip_space(text, (yield from _walk(text, at, (*path, name))))
        if text[at] == ",":
            at = _skip_space(text, at + 1)
        index += 1
    return at + 1


def members(text: str) -> Iterator[Member]:
    """Every member of a JSON text in its order, up to the first place that is not JSON."""
    try:
        yield from _walk(text, _skip_space(text, 0), ())
    except (IndexError, ValueError, RecursionError):
        return


def place_of(text: str, path: tuple[str, ...]) -> int | None:
    """The offset of the value under ``path``, or of the nearest value above it that exists."""
    found: Member | None = None
    for member in members(text):
        depth = len(member.path)
        if member.path == path[:depth] and (found is None or depth > len(found.path)):
            found = member
            if depth == len(path):
                break
    return None if found is None else found.value_at


def repeated_member(text: str) -> Member | None:
    """The first member whose name stood in the same object before; ``None`` where all differ."""
    seen: set[tuple[str, ...]] = set()
    for member in members(text):
        if member.path in seen:
            return member
        seen.add(member.path)
    return None
