"""What a user can ask of a pull request's comment."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PLAIN", "Comment", "page_link"]


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
