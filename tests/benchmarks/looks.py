"""What looks cost: after the last test, by the number of suspects, and in unchanged suites.

    python tests/benchmarks/looks.py suspects [--counts 0 1 10 100] [--runs 3]
    python tests/benchmarks/looks.py unchanged FOLDER [--runs 10]

``suspects`` makes a suite of 100 tests of about 20 ms and stores its baselines; then so many of
them burn twice as much. ``unchanged`` takes the suite in a folder as it is, stores baselines in a
temporary folder with ``pytest-carbon refresh`` (or a single ``--carbon-update``, with ``--quick``),
and holds runs against them, every other one beside a process that burns another core. Each line is
one run; the last one has medians and means.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import fmean, median
from typing import Any

from pytest_carbon.resultfile.file import read_result
from pytest_carbon.speed.load import load

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
SUITE = """
import os
import pytest

COSTLIER = int(os.environ.get("LOOKS_COSTLIER", "0"))

@pytest.mark.parametrize("number", range(100))
def test_burn(number):
    for _ in range(4_000 if number < COSTLIER else 2_000):
        sum(range(1_000))
"""


def say(figures: dict[str, Any]) -> None:
    """Write a line at once, so that a long experiment can be followed."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def carbon_run(folder: Path, arguments: list[str], costlier: int = 0) -> dict[str, Any]:
    """One run: how long it took without its looks, the looks, and all outcomes but the usual."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "result.json"
        command = [*PYTEST, "--carbon", f"--carbon-report=json:{report}", *arguments]
        environ = {**os.environ, "LOOKS_COSTLIER": str(costlier)}
        start_s = time.monotonic()
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        wall_s = time.monotonic() - start_s
        if not report.exists():
            sys.exit(f"no result:\n{done.stdout}{done.stderr}")
        result = read_result(report)
    outcomes = Counter(row.verdict.outcome.value for row in result.subjects if row.verdict)
    return {
        "exit": done.returncode,
        "without_looks_s": round(wall_s - result.looks_s, 2),
        "looks_s": round(result.looks_s, 2),
        "looks": result.looks,
        "outcomes": {what: count for what, count in outcomes.items() if what != "ok"},
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
                say({"costlier": count, **run})
            say({"costlier": count, "median_looks_s": median(run["looks_s"] for run in runs)})


def unchanged(args: argparse.Namespace) -> None:
    """The part of looks in the time of a suite that has not changed."""
    with tempfile.TemporaryDirectory() as name:
        baselines = f"--carbon-baselines={name}"
        if args.quick:
            carbon_run(args.folder, [baselines, "--carbon-update"])
        else:
            refresh = [sys.executable, "-m", "pytest_carbon.cli.main", "refresh", "--"]
            command = [*refresh, "-p", "no:cacheprovider", baselines]
            subprocess.run(command, cwd=args.folder, stdout=subprocess.DEVNULL, check=False)
        runs = []
        for number in range(args.runs):
            with load(number % 2):
                runs.append(carbon_run(args.folder, [baselines]))
            say({"neighbour": bool(number % 2), **runs[-1]})
    looks_s, rest_s = ([run[key] for run in runs] for key in ("looks_s", "without_looks_s"))
    mean = {
        "mean_looks_s": fmean(looks_s),
        "mean_without_looks_s": fmean(rest_s),
        "looks_percent": 100 * sum(looks_s) / sum(rest_s),
    }
    say({name: round(value, 2) for name, value in mean.items()} | {"most_looks_s": max(looks_s)})


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
