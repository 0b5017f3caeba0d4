"""What commands that write Markdown for a pull request have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.report.comment import Comment
from pytest_carbon.values import parse_link, parsed

if TYPE_CHECKING:
    import argparse

__all__ = ["add_comment_arguments", "comment_of"]

_LINK = "PYTEST_CARBON_REPORT_LINK"


def add_comment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--link`` and ``--always``."""
    parser.add_argument(
        "--link",
        metavar="URL",
        help=f"address of the html report, for Markdown to link to (default: ${_LINK})",
    )
    parser.add_argument(
        "--always",
        action="store_true",
        help="write Markdown even if nothing changed; it is empty otherwise",
    )


def comment_of(args: argparse.Namespace) -> Comment:
    """What was asked for. Raises ``SettingError`` for what is no address."""
    place, text = ("--link", args.link) if args.link else (_LINK, os.environ.get(_LINK, ""))
    link = parsed(place, text, parse_link) if text else ""
    return Comment(link=link, always=args.always, flag="--always")
