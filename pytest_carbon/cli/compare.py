"""``pytest-carbon compare``: two revisions on one machine, without a stored baseline."""

from __future__ import annotations

import json
import shutil
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.cli.comment import add_comment_arguments, comment_of
from pytest_carbon.cli.completion import offer, revisions
from pytest_carbon.cli.output import say, say_aside
from pytest_carbon.errors import CarbonError, NothingComparedError, ReportError, SettingError
from pytest_carbon.signals import EndedBySignal
from pytest_carbon.values import parse_count, parse_fraction, parsed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from pytest_carbon.compare.result import Comparison
    from pytest_carbon.report.comment import Comment

__all__ = ["add_parser", "run"]

INTERRUPTED = 2
INTERNAL_ERROR = 3
NOTHING_COMPARED = 5

_EXITS = """\
exit status: 0 no regression, 1 regression, 2 interrupted, 3 internal error, 4 usage,
5 nothing compared"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    from argparse import RawDescriptionHelpFormatter

    parser = subparsers.add_parser(
        "compare",
        usage="pytest-carbon compare BASE [HEAD] [options] [-- PYTEST ARGS]\n"
        "       pytest-carbon compare --merge-base REV [HEAD] [options] [-- PYTEST ARGS]",
        help="run two revisions side by side, and find the tests and functions that burn more",
        description="Check out BASE and HEAD into folders of their own, run every test once on "
        "both,\nand measure suspects in alternating pairs until each is decided. What follows -- "
        "goes to\npytest.",
        epilog=_EXITS,
        formatter_class=RawDescriptionHelpFormatter,
    )
    base = parser.add_argument("base", metavar="BASE", nargs="?", help="the older revision")
    head = parser.add_argument(
        "head",
        metavar="HEAD",
        nargs="?",
        help="the newer revision (default: the working tree with its uncommitted changes)",
    )
    merge_base = parser.add_argument(
        "--merge-base",
        metavar="REV",
        help="use as BASE the commit where HEAD branched off REV, such as origin/main",
    )
    for action in (base, head, merge_base):
        offer(action, revisions)
    parser.add_argument(
        "--setup",
        metavar="CMD",
        help="run CMD in the checkout of each side, in an environment of its own, such as "
        "'pip install -e .'",
    )
    parser.add_argument(
        "--aa",
        action="store_true",
        help="compare BASE (default: HEAD) with itself: shows this machine's false alarms, and the "
        "smallest rise that it can see",
    )
    parser.add_argument(
        "--tolerance", metavar="FRACTION", default="5%", help="rise allowed (default: 5%%)"
    )
    parser.add_argument(
        "--max-pairs",
        metavar="N",
        help="pairs a suspect gets (default: 160, and 320 for a tolerance below 2%%)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="measure each suspect until it is decided, even where a culprit that is already known "
        "explains its rise",
    )
    parser.add_argument(
        "--in-turn",
        action="store_true",
        help="never run both sides at once, for tests that share a port or a file",
    )
    parser.add_argument(
        "--spawn",
        action="store_true",
        help="start each fresh process anew instead of forking it: slower, for projects that "
        "start threads or use a GPU when imported",
    )
    parser.add_argument("--json", metavar="FILE", help="write the result as JSON (-: print it)")
    parser.add_argument("--markdown", metavar="FILE", help="write it as Markdown (-: print it)")
    parser.add_argument("--html", metavar="FILE", help="write a page that draws each culprit")
    add_comment_arguments(parser)
    parser.add_argument(
        "--github",
        action="store_true",
        help="also print the commands by which GitHub marks the culprits' lines in a pull request",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show every test")


def run(args: argparse.Namespace) -> int:
    """Compare and report; returns the exit status. Raises ``CarbonError`` for bad usage."""
    from pytest_carbon.compare.orders import Order
    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.run import compare

    base, head = args.base, args.head
    if args.merge_base is not None and head is None:
        base, head = None, base
    _refuse_gate_options(args.pytest_args)
    order = Order(
        cwd=Path.cwd(),
        base=base,
        head=head,
        merge_base=args.merge_base,
        setup=args.setup,
        arguments=tuple(args.pytest_args),
        aa=args.aa,
        measures_all=args.all,
        in_turn=args.in_turn,
        spawn=args.spawn,
        tolerance=parsed("--tolerance", args.tolerance, parse_fraction),
        max_pairs=None
        if args.max_pairs is None
        else parsed("--max-pairs", args.max_pairs, _at_least_ten),
    )
    comment = comment_of(args)
    _refuse_same_file({"--json": args.json, "--markdown": args.markdown, "--html": args.html})
    for path in (args.json, args.markdown, args.html):
        _check_writable(path)
    progress = Progress(sys.stderr)
    try:
        comparison = compare(order, progress)
    except (KeyboardInterrupt, EndedBySignal):
        progress.done()
        say_aside("interrupted: nothing is left behind")
        return INTERRUPTED
    except NothingComparedError as error:
        progress.done()
        say_aside(f"ERROR: {error}")
        return NOTHING_COMPARED
    except CarbonError:
        progress.done()
        raise
    except Exception:  # noqa: BLE001 - the command's outer boundary: an own exit status
        progress.done()
        traceback.print_exc()
        say_aside("ERROR: this is a fault of pytest-carbon; please report it with the lines above")
        return INTERNAL_ERROR
    _report(comparison, args, comment)
    return comparison.exit_status


def _refuse_same_file(files: Mapping[str, str | None]) -> None:
    seen: dict[str, str] = {}
    for option, file in files.items():
        if file is not None and file in seen:
            raise SettingError(
                f"{seen[file]} and {option} both name {file}", remedy="give them two files"
            )
        if file is not None:
            seen[file] = option


# Options of the gate on stored baselines that mean nothing here, with what does.
_INSTEAD = {
    "--carbon-tolerance": "give --tolerance to compare itself, before --",
    "--carbon-confirm-time": "give --max-pairs to compare itself, before --",
    "--carbon-report": "give --json or --markdown to compare itself, before --",
    "--carbon-explain": "leave it out, as compare names culprits anyway",
    **dict.fromkeys(
        (
            "--carbon-baselines",
            "--carbon-update",
            "--carbon-diff",
            "--carbon-floor",
            "--carbon-alpha",
            "--carbon-inconclusive",
            "--carbon-strict",
            "--carbon-creep-tolerance",
            "--carbon-thorough",
            "--carbon-history",
        ),
        "leave it out, as compare has no stored baselines",
    ),
}


def _refuse_gate_options(arguments: Sequence[str]) -> None:
    """Raises ``SettingError`` for an option that compare would ignore."""
    for argument in arguments:
        remedy = _INSTEAD.get(argument.partition("=")[0])
        if remedy is not None:
            raise SettingError(f"compare does not use {argument}", remedy=remedy)


def _at_least_ten(text: str) -> int:
    count = parse_count(text)
    if count < 10:
        raise ValueError("is too few to decide anything: 10 at least")
    return count


def _check_writable(path: str | None) -> None:
    """Before minutes of work, not after."""
    if path is None or path == "-":
        return
    from pytest_carbon.report.stream import is_folder

    try:
        if not is_folder(Path(path)) and is_folder(Path(path).absolute().parent):
            return
    except OSError:
        pass
    raise SettingError(f"{path} cannot be written", remedy="name a file in an existing folder")


def _report(comparison: Comparison, args: argparse.Namespace, comment: Comment) -> None:
    from pytest_carbon.compare.as_json import as_json
    from pytest_carbon.compare.culprit_report import github_annotations
    from pytest_carbon.compare.markdown import as_markdown
    from pytest_carbon.compare.report import as_text
    from pytest_carbon.report.write import nothing_said

    documents: dict[str, str] = {}
    if args.json is not None:
        documents[args.json] = json.dumps(as_json(comparison), indent=2, sort_keys=True) + "\n"
    if args.markdown is not None:
        documents[args.markdown] = as_markdown(comparison, comment)
        if not documents[args.markdown]:
            what = "there is no Markdown" if args.markdown == "-" else f"{args.markdown} is empty"
            say_aside(f"note: {nothing_said(what, comment)}")
    if args.html is not None:
        from pytest_carbon.compare.page import as_page

        documents[args.html] = as_page(comparison)
    printed = documents.pop("-", None)
    if args.github:
        for line in github_annotations(comparison):
            sys.stdout.write(line + "\n")
    if printed is not None:
        sys.stdout.write(printed)
    else:
        # A log has no width, and room for all columns.
        width = shutil.get_terminal_size((120, 24)).columns
        for line in as_text(comparison, verbose=args.verbose, width=width):
            say(line)
    for path, text in documents.items():
        _write(Path(path), text)


def _write(path: Path, text: str) -> None:
    from pytest_carbon.report.stream import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise ReportError(
            f"{path} cannot be written: {error.strerror}",
            remedy="the figures stand above; name another file and run again",
        ) from None
