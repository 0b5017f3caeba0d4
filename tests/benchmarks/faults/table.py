"""A table of faults: what machines and people do to a run, and what is lost, changed or left by it.

    python tests/benchmarks/faults/table.py [--kills 100] [--seed 0] [--only WORD]

Each row plays one kind of fault against a suite with stored baselines: signals at random moments of
every command that writes, disks that are full, without inodes or not ours to write, twenty updates
at once, a clock that is set. Counted are stored entries that were lost or cannot be read, tests
whose outcome differs from a run without the plugin (and tracebacks), and what stays behind after
the next run: processes, temporary files, worktrees. Ends with 1 where any count is not 0.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from machines import can_mount, clock_steps, full_disk, limited_files, no_inodes, read_only
from processes import at_once, killed
from project import Project, Row
from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Play all faults, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="play the rows whose names have this word")
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    signals = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    plays: dict[str, Callable[[Project], Row]] = {
        number.name: lambda project, number=number: killed(
            project, number, max(1, arguments.kills // len(signals)), dice
        )
        for number in signals
    }
    faults = [limited_files, read_only, at_once, clock_steps]
    if can_mount():
        faults += [full_disk, no_inodes]
    else:
        print("this user may not mount: disks that are full, or without inodes, are left out")
    plays |= {fault.__name__: fault for fault in faults}
    rows = []
    for name, play in plays.items():
        if arguments.only not in name:
            continue
        folder = Path(tempfile.mkdtemp(prefix="carbon-faults-"))
        folder.chmod(0o755)
        try:
            rows.append(play(Project(folder)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(rows[-1], flush=True)
    print(tabulate(rows, headers=["fault", "tries", "lost entries", "changed", "left behind"]))
    return int(any(row.lost or row.changed or row.left for row in rows))


if __name__ == "__main__":
    sys.exit(main())
