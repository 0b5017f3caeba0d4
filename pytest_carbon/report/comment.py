"""What comments on pull requests are made of, and what a user can ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["LONGEST", "NAME_COLUMNS", "PLAIN", "Comment", "folded", "page_link", "table", "within"]

LONGEST = 60_000
"""Bytes of one text: GitHub takes comments of up to 65,536 characters."""

NAME_COLUMNS = 44
"""Columns of a name, so that a table fits the 780 pixels of a comment."""


class Comment(NamedTuple):
    """How a comment is to be written.

    ``link`` is the address of the page with all figures; ``always`` asks for a comment where
    nothing changed, too, and ``flag`` is the option that does.
    """

    link: str = ""
    always: bool = False
    flag: str = "--carbon-report-always"


PLAIN = Comment()
"""A comment for which nothing is asked."""


def page_link(link: str) -> list[str]:
    """The lines that lead to the page; none where nobody said where it is."""
    return [f"[All figures, as a page](<{link}>)", ""] if link else []


def table(headers: Sequence[str], alignment: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; ``alignment`` has ``l`` or ``r`` for each column."""
    marks = {"l": ":--", "r": "--:"}
    yield "| " + " | ".join(headers) + " |"
    yield "| " + " | ".join(marks[mark] for mark in alignment) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines below a summary that opens them."""
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""


def within(
    longest: int, lines: Callable[[int], Iterable[str]], numbers: Iterable[int], shortest: str
) -> str:
    """The text of ``lines`` with the first of these numbers of rows by which it is short enough.

    In bytes of UTF-8; ``shortest`` where none is.
    """
    for rows in numbers:
        text = "\n".join(lines(rows)) + "\n"
        if len(text.encode("utf-8", "replace")) <= longest:
            return text
    return shortest
