"""``pytest-carbon merge-driver``: lets git merge baselines files entry by entry."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import read_baselines
from pytest_carbon.baseline.store import MOST_BYTES
from pytest_carbon.cli.output import say_aside
from pytest_carbon.errors import BaselineError
from pytest_carbon.intake.regular_file import read_regular
from pytest_carbon.updates.three_way_merge import merge_files

if TYPE_CHECKING:
    from pytest_carbon.baseline.file import BaselineFile

__all__ = ["add_parser", "run"]

_SETUP = """\
Once a clone, tell git about it, and once a repository, for which files to use it:

  git config merge.pytest-carbon.name "baselines of pytest-carbon"
  git config merge.pytest-carbon.driver "pytest-carbon merge-driver %O %A %B %P"
  echo "baselines/*.json merge=pytest-carbon" >> .gitattributes
"""


_REMEDY = "resolve the file by hand, or keep one side and run pytest-carbon refresh"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "merge-driver",
        help="merge two branches' changes of a baselines file, as git's merge driver",
        description="Merge two branches' changes of a baselines file entry by entry; git runs "
        "this as a merge driver.",
        epilog=_SETUP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("base", metavar="%O", type=Path, help="the common ancestor")
    parser.add_argument("ours", metavar="%A", type=Path, help="our side, and the result")
    parser.add_argument("theirs", metavar="%B", type=Path, help="their side")
    parser.add_argument("name", metavar="%P", nargs="?", help="the file's name, for messages")


def _read(path: Path, side: str) -> BaselineFile | None:
    """One side; ``None`` for the empty ancestor that git makes up where there is none."""
    data = read_regular(path, most_bytes=MOST_BYTES).data
    if not data:
        return None
    try:
        return read_baselines(data, side)
    except BaselineError as error:
        raise BaselineError(error.problem, remedy=_REMEDY) from None


def _merged(args: argparse.Namespace) -> str:
    ours, theirs = _read(args.ours, "our side"), _read(args.theirs, "their side")
    if ours is None or theirs is None:
        raise BaselineError("one side is empty", remedy=_REMEDY)
    return render(merge_files(_read(args.base, "the ancestor"), ours, theirs))


def _leave_standard_conflict(args: argparse.Namespace) -> None:
    """Put git's own line merge in our side's place, with its marks where it finds conflicts."""
    labels = ("-L", "ours", "-L", "ancestor", "-L", "theirs")
    files = (str(args.ours), str(args.base), str(args.theirs))
    try:
        subprocess.run(  # noqa: S603 - a fixed program, and files that git itself named
            ["git", "merge-file", *labels, "--", *files],  # noqa: S607 - the git that calls us
            check=False,
            timeout=120,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say_aside(f"pytest-carbon: no conflict marks: {error}")


def run(args: argparse.Namespace) -> int:
    """Merge into our side; 1, and git's standard conflict, for what a person has to decide."""
    name = args.name or args.ours
    try:
        args.ours.write_bytes(_merged(args).encode())
    except OSError as error:
        # What cannot be read, such as a pipe, git would wait for.
        say_aside(f"pytest-carbon: {name}: {error.filename}: {error.strerror}: {_REMEDY}")
        return 1
    except BaselineError as error:
        say_aside(f"pytest-carbon: {name}: {error}")
        _leave_standard_conflict(args)
        return 1
    return 0
