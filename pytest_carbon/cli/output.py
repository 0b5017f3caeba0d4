"""What commands say: line by line, and harmless whatever names and files it quotes."""

from __future__ import annotations

import sys

from pytest_carbon.text import printable_line

__all__ = ["say", "say_aside"]


def say(line: str) -> None:
    """A line of a command's output."""
    print(printable_line(line), flush=True)  # noqa: T201 - a command speaks to its user


def say_aside(line: str) -> None:
    """A line for people that is not the output: an error, a note."""
    print(printable_line(line), file=sys.stderr, flush=True)  # noqa: T201 - as above
