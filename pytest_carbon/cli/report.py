"""``pytest-carbon report``: any kind of report, made later from stored results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.cli.comment import add_comment_arguments, comment_of
from pytest_carbon.cli.completion import kinds, offer
from pytest_carbon.cli.output import say_aside
from pytest_carbon.errors import ReportError
from pytest_carbon.history.point import points
from pytest_carbon.report.comment import PLAIN, Comment
from pytest_carbon.report.destination import Destination, parse_destinations, probe
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.write import nothing_said, write_report
from pytest_carbon.resultfile.file import read_result
from pytest_carbon.settings import Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.result.run import RunResult

__all__ = ["add_parser", "destination_of", "run", "write_all"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    width = max(map(len, KINDS)) + 2
    listed = "\n".join(f"  {name:{width}}{kind.help}" for name, kind in KINDS.items())
    parser = subparsers.add_parser(
        "report",
        help="make any report from stored results",
        description="Make reports from results that pytest --carbon --carbon-report=json:PATH "
        "stored.",
        epilog=f"kinds:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "results",
        metavar="RESULT.json",
        nargs="+",
        help="stored results, oldest first; of several, kinds that append take all, html draws "
        "the trend of the last one's environment, and the others take the last one",
    )
    offer(
        parser.add_argument(
            "--to",
            metavar="KIND[:PATH]",
            action="append",
            default=None,
            help="a report, and the file that it goes to; without a file it is printed "
            "(default: term); may be given several times",
        ),
        kinds,
    )
    add_comment_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write or print what was asked for.

    Raises ``ResultFileError`` for what is no result, ``SettingError`` and ``ReportError`` for
    what is no destination.
    """
    results = [read_result(Path(name)) for name in args.results]
    comment = comment_of(args)
    destinations = [destination_of(text, comment) for text in args.to or ["term"]]
    for destination in destinations:
        probe(destination)
    write_all(results, destinations)
    return 0


def write_all(results: Sequence[RunResult], destinations: Sequence[Destination]) -> None:
    """Print or write each report. Raises ``ReportError`` where that cannot be done."""
    for destination in destinations:
        if destination.path is None:
            _print(results, destination)
        else:
            chosen = results if KINDS[destination.kind].appends else results[-1:]
            past = points(results) if KINDS[destination.kind].looks_back else ()
            for result in chosen:
                for note in write_report(result, destination, past):
                    say_aside(f"note: {note}")


def destination_of(text: str, comment: Comment = PLAIN) -> Destination:
    """The destination ``KIND[:PATH]``; without a path it is printed.

    Raises ``SettingError`` for what is none.
    """
    kind, _, path = text.partition(":")
    if kind in KINDS and path.strip() in {"", "-"}:
        return Destination(kind=kind, path=None, comment=comment)
    wish = Wish(text=text, place="--to", folder=Path.cwd())
    [destination] = parse_destinations([wish], comment)
    return destination


def _print(results: Sequence[RunResult], destination: Destination) -> None:
    kind = KINDS[destination.kind]
    if len(results) > 1 and not (kind.prints or kind.appends):
        raise ReportError(
            f"{destination.kind} holds one run, and {len(results)} results were named",
            remedy="name one result, or join them first with pytest-carbon merge",
        )
    for result in results:
        # What a terminal cannot show must not end the command.
        encoding = sys.stdout.encoding or "utf-8"
        text = kind.render(result, comment=destination.comment)
        if kind.comments and not text:
            say_aside(f"note: {nothing_said('there is no Markdown', destination.comment)}")
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        sys.stdout.write(text)
