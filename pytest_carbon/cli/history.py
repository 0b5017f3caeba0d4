"""``pytest-carbon history``: the trend of all runs, or of one test."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.cli.output import say
from pytest_carbon.errors import HistoryError, ReportError
from pytest_carbon.history.store import History
from pytest_carbon.ini import ini_setting
from pytest_carbon.report.figures import kind_text
from pytest_carbon.report.trend import trend_lines
from pytest_carbon.text import counted, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_carbon.history.point import Point
    from pytest_carbon.measurement import Subject

__all__ = ["add_parser", "run"]

DEFAULT = "carbon-history.sqlite"
_LISTED = 20
_MOST_DIGITS = 100


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "history",
        help="show the trend of all runs, or of one test",
        description="Show what runs, or one test in them, cost over time. "
        "pytest --carbon --carbon-history=PATH keeps every run.",
    )
    parser.add_argument("test", metavar="TEST", nargs="?", help="a test's id, or a part of it")
    parser.add_argument(
        "--file",
        metavar="PATH",
        help=f"the history (default: the ini setting carbon_history, else {DEFAULT})",
    )
    parser.add_argument(
        "--last", metavar="N", type=_count, default=30, help="runs shown (default: %(default)s)"
    )
    parser.add_argument(
        "--environment",
        metavar="FINGERPRINT",
        help="which environment's runs (default: that of the last run)",
    )
    parser.add_argument("--html", metavar="PATH", help="write the trend as a page")
    parser.add_argument("--json", action="store_true", help="print JSON for other programs")


def _count(text: str) -> int:
    import argparse

    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs: write it like 30")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Print the trend; raises ``HistoryError`` for what is not in the history."""
    history = History(_file(args.file))
    subject = _subject(history, args.test) if args.test else None
    points = history.of(subject) if subject else history.runs()
    chosen, note = _comparable(points, args.environment)
    chosen = chosen[-args.last :]
    name = _title(subject)
    if args.html:
        _write_page(Path(args.html), name, chosen)
    if args.json:
        print(json.dumps([asdict(point) for point in chosen], indent=2))  # noqa: T201
        return 0
    for line in (name, *trend_lines(chosen), note):
        if line:
            say(line)
    return 0


def _file(given: str | None) -> Path:
    if given is not None:
        return Path(given)
    found = ini_setting("carbon_history", Path.cwd())
    return Path(found[0] if found else DEFAULT)


def _title(subject: Subject | None) -> str:
    if subject is None:
        return "whole runs"
    return f"{kind_text(subject.kind)} {shown(subject.id)}"


def _subject(history: History, text: str) -> Subject:
    found = history.find(text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise HistoryError(
            f"no subject has {shown(text)!r} in its name",
            remedy="give a test's id, or a part of it",
        )
    names = [shown(subject.id) for subject in found[:_LISTED]]
    more = f", and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    raise HistoryError(
        f"{len(found)} subjects have {shown(text)!r} in their name",
        remedy=f"choose one: {', '.join(names)}{more}",
    )


def _comparable(points: Sequence[Point], fingerprint: str | None) -> tuple[list[Point], str]:
    """The points of one environment, and what to say of the others."""
    if not points:
        raise HistoryError("the history holds no run", remedy="run pytest --carbon first")
    wanted = fingerprint or points[-1].fingerprint
    chosen = [point for point in points if point.fingerprint == wanted]
    others = sorted({point.fingerprint for point in points} - {wanted})
    if not chosen:
        raise HistoryError(
            f"no run is of the environment {shown(wanted)}", remedy=f"choose {' or '.join(others)}"
        )
    if not others:
        return chosen, ""
    count = len(points) - len(chosen)
    return chosen, (
        f"{counted(count, 'run')} of other environments left out, as they are not comparable: "
        f"--environment={' or '.join(others)}"
    )


def _write_page(path: Path, name: str, points: Sequence[Point]) -> None:
    from pytest_carbon.report.html.page import render_trend
    from pytest_carbon.report.stream import write_whole

    try:
        write_whole(path, render_trend(name, points))
    except OSError as error:
        raise ReportError(
            f"the page cannot be written to {path}: {error.strerror}",
            remedy="name a file in a folder that you may write to",
        ) from None
