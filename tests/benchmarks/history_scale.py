"""How a history of many runs behaves: what one more run takes, and what asking it takes.

Run from the root folder: ``python -m tests.benchmarks.history_scale [RUNS] [TESTS]`` (default
10,000 runs of 50 tests). Questions are asked by the command, each in a process of its own, whose
time and peak memory are printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.history.store import History
from tests.results import run_result, subject

STEP = 100


def fill(path: Path, runs: int, tests: int) -> None:
    """Append the runs, and print what one of the first and of the last hundred took."""
    history = History(path)
    names = [f"tests/test_{i % 7}.py::test_{i}" for i in range(tests)]
    start = datetime(2020, 1, 1, tzinfo=timezone.utc)
    took_s: list[float] = []
    for number in range(runs):
        subjects = [
            subject(name, 1.0 + place + number % 9, outcome=Outcome.OK, baseline_j=1.0 + place)
            for place, name in enumerate(names)
        ]
        result = run_result(*subjects)
        assert result.origin is not None
        when = (start + timedelta(hours=number)).isoformat()
        origin = result.origin._replace(run_id=f"run-{number}", started_at=when)
        begun_s = time.perf_counter()
        history.append(result._replace(origin=origin))
        took_s.append(time.perf_counter() - begun_s)
    for which, part in (("first", took_s[:STEP]), ("last", took_s[-STEP:])):
        middle_ms = 1000 * sorted(part)[len(part) // 2]
        print(f"append, median of the {which} {len(part)}: {middle_ms:.1f} ms")
    print(f"file: {path.stat().st_size / 1e6:.1f} MB")


def ask(path: Path, *arguments: str) -> None:
    """Ask once by the command."""
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "history", "--file", str(path)]
    start_s = time.perf_counter()
    asked = subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(asked.pid, 0)
    took_s = time.perf_counter() - start_s
    assert status == 0, arguments
    what = " ".join(arguments) or "all runs"
    print(f"{what}: {took_s:.2f} s, peak {used.ru_maxrss / 1024:.0f} MB")


def main(runs: int = 10_000, tests: int = 50) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "history.sqlite"
        fill(path, runs, tests)
        page = str(Path(name) / "page.html")
        for arguments in ([], ["test_13"], ["--last", str(runs)], ["--last", str(runs), "--json"]):
            ask(path, *arguments)
        ask(path, "test_13", "--last", str(runs), "--html", page)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
