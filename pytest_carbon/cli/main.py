# PYTHON_ARGCOMPLETE_OK
"""The command ``pytest-carbon`` and its sub-commands."""

from __future__ import annotations

import argparse
import errno
import io
import itertools
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from pytest_carbon.cli import (
    baselines,
    compare,
    doctor,
    history,
    intensity,
    merge,
    merge_driver,
    prune,
    refresh,
    report,
    run,
)
from pytest_carbon.cli.completion import complete
from pytest_carbon.cli.output import say_aside
from pytest_carbon.errors import CarbonError, SuiteError
from pytest_carbon.signals import EndedBySignal, ended_by_signals
from pytest_carbon.text import printable_line

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

INTERRUPTED, USAGE_ERROR = 2, 4
SIGNALLED, SIGPIPE = 128, 13
"""What a shell says of a command that a signal has ended, and the signal of a closed pipe."""

_OF_THE_MACHINE = {errno.ENOSPC, errno.EROFS, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What no command can do anything about: a full or broken disk."""

_COMMANDS = {
    "compare": compare,
    "doctor": doctor,
    "refresh": refresh,
    "prune": prune,
    "baselines": baselines,
    "report": report,
    "history": history,
    "merge": merge,
    "run": run,
    "intensity": intensity,
    "merge-driver": merge_driver,
}
"""The commands, in the order in which a project comes to use them."""

_EXAMPLES = """examples:
  pytest-carbon compare main             what does my change cost? needs no baselines
  pytest-carbon compare main -- tests/unit -k parser
                                         what follows -- goes to pytest
  pytest-carbon doctor                   what is measured on this machine, and how well
  pytest-carbon refresh                  store baselines for pytest --carbon
  pytest-carbon report carbon.json --to html:carbon.html
  pytest-carbon run -- make all          measure any command

pytest --help shows the options of pytest --carbon, and pytest-carbon COMMAND --help those of a
command.
"""

_RUN_OTHERS = {"baselines", "compare", "prune", "refresh", "run"}


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and those for pytest, which stand behind ``--``."""
    own = list(itertools.takewhile(lambda argument: argument != "--", arguments))
    return own, list(arguments[len(own) + 1 :])


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints have the exit status of all that the user can mend."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where to read more."""
        self.exit(USAGE_ERROR, f"ERROR: {message}: see {self.prog} --help\n")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pytest-carbon")
    except PackageNotFoundError:
        return "(not installed)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns the exit status, 4 for what the user can mend."""
    own, for_pytest = _split(sys.argv[1:] if arguments is None else arguments)
    parser = _Parser(
        prog="pytest-carbon",
        description="Find what makes your tests burn more energy. The commands, in order of use:",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pytest-carbon {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _COMMANDS.values():
        module.add_parser(commands)
    complete(parser)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal cannot show must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        parsed = parser.parse_args(own)
        if for_pytest and parsed.command not in _RUN_OTHERS:
            parser.error(f"{parsed.command} does not run pytest: leave out what follows --")
        parsed.pytest_args = for_pytest
        with ended_by_signals(interrupts=True):
            status: int = _COMMANDS[parsed.command].run(parsed)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except EndedBySignal as request:
        return SIGNALLED + request.number
    except (CarbonError, OSError) as error:
        return _told(error)
    return status


def _told(error: CarbonError | OSError) -> int:
    """Say what ended a command, in a line; the exit status."""
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has gone; what is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SIGNALLED + SIGPIPE
    if isinstance(error, OSError):
        if error.errno == errno.ENOENT and error.filename is None:
            # As tempfile says it where no folder can be written to.
            say_aside(f"ERROR: {error.strerror}: set TMPDIR to a folder that you may write to")
            return USAGE_ERROR
        if error.errno not in _OF_THE_MACHINE:
            raise error
        where = f"{printable_line(str(error.filename))}: " if error.filename else ""
        say_aside(f"ERROR: {where}{error.strerror}: mend or free the disk, and begin again")
        return USAGE_ERROR
    if isinstance(error, SuiteError):
        sys.stdout.write(error.output)
    say_aside(f"ERROR: {error}")
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
