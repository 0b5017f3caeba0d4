"""The command ``pytest-carbon`` and its sub-commands."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pytest_carbon.cli import baselines, intensity, merge_driver
from pytest_carbon.errors import CarbonError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

USAGE_ERROR = 4

_COMMANDS = {
    "baselines": baselines,
    "intensity": intensity,
    "merge-driver": merge_driver,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns the exit status, 4 for what the user can mend."""
    parser = argparse.ArgumentParser(
        prog="pytest-carbon", description="Emission regression testing beside pytest --carbon."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _COMMANDS.values():
        module.add_parser(commands)
    try:
        parsed = parser.parse_args(arguments)
        status: int = _COMMANDS[parsed.command].run(parsed)
    except CarbonError as error:
        print(f"ERROR: {error}", file=sys.stderr)  # noqa: T201 - a command speaks to its user
        return USAGE_ERROR
    return status


if __name__ == "__main__":
    sys.exit(main())
