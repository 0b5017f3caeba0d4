"""What looks cost: after the last test, by the number of suspects, and in unchanged suites.

    python tests/benchmarks/detection/looks.py suspects [--counts 0 1 10 100] [--runs 3]
    python tests/benchmarks/detection/looks.py unchanged FOLDER [--runs 10]

``suspects`` makes a suite of 100 tests of about 20 ms and stores its baselines; then so many of
them burn twice as much. ``unchanged`` takes the suite in a folder as it is, stores baselines in a
temporary folder with ``pytest-carbon refresh`` (or a single ``--carbon-update``, with ``--quick``),
and holds runs against them, every other one beside a process that burns another core. Each line is
one run; the last one has medians and means.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean, median
from typing import Any

from experiment import run_suite, say

from pytest_carbon.speed.load import load

NO_CACHE = ["-p", "no:cacheprovider"]
SUITE = """
import os
import pytest

COSTLIER = float(os.environ.get("DETECTION_EXTRA", "0"))

@pytest.mark.parametrize("number", range(100))
def test_burn(number):
    for _ in range(4_000 if number < COSTLIER else 2_000):
        sum(range(1_000))
"""


def carbon_run(folder: Path, arguments: list[str], costlier: int = 0) -> dict[str, Any]:
    """One run: how long it took without its looks, the looks, and all outcomes but the usual."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "result.json"
        found = run_suite(folder, [*NO_CACHE, *arguments], costlier, "", report)
    counts = found["counts"]
    return {
        "exit": found["exit"],
        "without_looks_s": round(found["wall_s"] - found["looks_s"], 2),
        "looks_s": found["looks_s"],
        "looks": found["looks"],
        "outcomes": {what: count for what, count in counts.items() if what != "ok"},
    }


def suspects(args: argparse.Namespace) -> None:
    """The time between the last test and the summary, by the number of suspects."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_burning.py").write_text(SUITE)
        subprocess.run(
            [sys.executable, "-m", "pytest_carbon.cli.main", "refresh", "--rounds", "5"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        for count in args.counts:
            runs = [carbon_run(folder, [], count) for _ in range(args.runs)]
            for run in runs:
                say(json.dumps({"costlier": count, **run}))
            say(
                json.dumps(
                    {"costlier": count, "median_looks_s": median(run["looks_s"] for run in runs)}
                )
            )


def unchanged(args: argparse.Namespace) -> None:
    """The part of looks in the time of a suite that has not changed."""
    with tempfile.TemporaryDirectory() as name:
        baselines = f"--carbon-baselines={name}"
        if args.quick:
            carbon_run(args.folder, [baselines, "--carbon-update"])
        else:
            refresh = [sys.executable, "-m", "pytest_carbon.cli.main", "refresh", "--"]
            command = [*refresh, *NO_CACHE, baselines]
            subprocess.run(command, cwd=args.folder, stdout=subprocess.DEVNULL, check=False)
        runs = []
        for number in range(args.runs):
            with load(number % 2):
                runs.append(carbon_run(args.folder, [baselines]))
            say(json.dumps({"neighbour": bool(number % 2), **runs[-1]}))
    looks_s, rest_s = ([run[key] for run in runs] for key in ("looks_s", "without_looks_s"))
    mean = {
        "mean_looks_s": fmean(looks_s),
        "mean_without_looks_s": fmean(rest_s),
        "looks_percent": 100 * sum(looks_s) / sum(rest_s),
    }
    say(
        json.dumps(
            {name: round(value, 2) for name, value in mean.items()} | {"most_looks_s": max(looks_s)}
        )
    )


def main() -> None:
    """Do one part of the experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("suspects", help="after the last test, by the number of suspects")
    part.add_argument("--counts", type=int, nargs="+", default=[0, 1, 10, 100])
    part.add_argument("--runs", type=int, default=3)
    part.set_defaults(do=suspects)
    part = parts.add_parser("unchanged", help="in a suite that has not changed")
    part.add_argument("folder", type=Path)
    part.add_argument("--runs", type=int, default=10)
    part.add_argument("--quick", action="store_true", help="baselines of a single run")
    part.set_defaults(do=unchanged)
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    main()
