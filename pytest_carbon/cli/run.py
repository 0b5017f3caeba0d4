"""``pytest-carbon run -- CMD``: measures any command, with all processes that it starts."""

from __future__ import annotations

import contextlib
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.cli.output import say_aside
from pytest_carbon.errors import SettingError
from pytest_carbon.ledger import Account
from pytest_carbon.outside.station import Station
from pytest_carbon.report.destination import parse_destinations, probe
from pytest_carbon.report.terminal import summary_lines
from pytest_carbon.report.write import write_report
from pytest_carbon.settings import Wish

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["add_parser", "run"]

_EXAMPLE = "pytest-carbon run -- python train.py"

# What a shell says of a command that a signal has ended.
_SIGNAL_STATUS = 128

_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGINT")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``run``."""
    parser = subparsers.add_parser(
        "run",
        help="measure a command with all its processes",
        description="Measure a command with all processes that it starts, and print what it "
        "cost to standard error. The exit status is the command's.",
        usage="pytest-carbon run [--name NAME] [--report KIND:PATH] -- CMD ...",
    )
    parser.add_argument("--name", help="what to call it in reports (default: the command)")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="KIND:PATH",
        help="also write a report, as --carbon-report does: csv:emissions.csv, json:run.json",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns its exit status, 128 and the number where a signal ended it.

    Raises ``CarbonError`` for what the user can mend.
    """
    command: list[str] = args.pytest_args
    if not command:
        raise SettingError(
            "pytest-carbon run names no command", remedy=f"write it behind --, like {_EXAMPLE}"
        )
    wishes = [Wish(text=t, place="--report", folder=Path.cwd()) for t in args.report]
    destinations = parse_destinations(wishes)
    for destination in destinations:
        probe(destination)
    name = args.name or shlex.join(command)
    # The probe would follow this process, which only waits, and not the command.
    station = Station.open(probes_speed=False)
    try:
        cost = Account()
        started_s, before = time.time(), station.sampler.read()
        status = _wait(command)
        cost.charge(station.sampler.read(), before)
        measured = station.sampler.measure(cost, _peak_bytes())
        result = station.result(name, measured, started_s=started_s)
    finally:
        station.close()
    notes = [note for d in destinations if d.path for note in write_report(result, d)]
    result = result._replace(notes=(*result.notes, *notes))
    say_aside(f"carbon: {name} ended with exit status {status}")
    for line in summary_lines(result, verbosity=0, rows=0):
        say_aside(f"carbon: {line.text}")
    return status


def _wait(command: list[str]) -> int:
    try:
        process = subprocess.Popen(command)  # noqa: S603 - what the user asked for
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingError(
            f"{command[0]} cannot be run: {reason}",
            remedy=f"name a program that is there, like {_EXAMPLE}",
        ) from None
    with _passing_on(process):
        status = process.wait()
        return _SIGNAL_STATUS - status if status < 0 else status


@contextlib.contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a request to end reach the command, so that what it did is still said."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        # Ctrl-C goes to the whole group, and so to the command as well.
        if number != signal.SIGINT:
            process.send_signal(number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _peak_bytes() -> int:
    """The most memory that the largest of the command's processes held; 0 where unknown."""
    if sys.platform == "win32":
        return 0
    import resource  # type: ignore[unreachable, unused-ignore]

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # getrusage(2): bytes on macOS, elsewhere kibibytes.
    return peak if sys.platform == "darwin" else peak * 1024
