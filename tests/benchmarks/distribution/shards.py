"""``pytest-carbon merge`` of many shards, and a history of many runs: time and peak memory.

    python tests/benchmarks/distribution/shards.py [--shards 100] [--tests 1000] [--runs 10000]

Every shard has collected the whole suite, as with pytest-split, and so names all tests of it. The
history holds runs of 100 tests.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path.insert(0, str(REPOSITORY))

from pytest_carbon.gate.verdict import Outcome  # noqa: E402
from pytest_carbon.history.store import History  # noqa: E402
from pytest_carbon.result.facts import Course  # noqa: E402
from pytest_carbon.result.run import RunResult  # noqa: E402, TC001
from pytest_carbon.resultfile.file import write_result  # noqa: E402
from tests.results import run_result, subject  # noqa: E402


def result_of(run_id: str, tests: list[str]) -> RunResult:
    """A run in which all of these tests cost what they did before."""
    subjects = [subject(test, 0.5, outcome=Outcome.OK, baseline_j=0.5) for test in tests]
    result = run_result(*subjects)
    assert result.origin is not None
    return result._replace(origin=result.origin._replace(run_id=run_id))


def write_shards(folder: Path, shards: int, count: int) -> list[str]:
    """The files of all shards, of so many tests each."""
    names = [f"tests/test_{n // 100}.py::test_{n % 100}" for n in range(shards * count)]
    files = []
    for shard in range(shards):
        own = names[shard::shards]
        others = tuple(set(names).difference(own))
        course = Course(
            exit_status=0,
            collected=tuple(names),
            deselected=others,
            outcomes=dict.fromkeys(own, "passed"),
        )
        file = folder / f"shard-{shard}.json"
        file.write_text(write_result(result_of(f"run-{shard}", own)._replace(course=course)))
        files.append(str(file))
    return files


def merge(files: list[str]) -> None:
    """Join the shards in a process of its own, and print what that took."""
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "merge", *files]
    start_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = sum(Path(file).stat().st_size for file in files) / 1e6
    print(
        f"merge of {len(files)} files, {megabytes:.0f} MB: exit {process.returncode}, "
        f"{time.perf_counter() - start_s:.1f} s, {usage.ru_utime:.1f} s of CPU time, "
        f"{usage.ru_maxrss / 1e3:.0f} MB at most"
    )


def history(file: Path, runs: int) -> None:
    """Time a history at its size; most of its runs are copies of one, made by SQL."""
    kept = History(file)
    tests = [f"tests/test_{n // 50}.py::test_{n}" for n in range(100)]
    result = result_of("first", tests)
    kept.append(result)
    columns = "started_at, project, commit_id, branch, fingerprint, environment, complete, whole, "
    columns += "energy_j, emissions_g, cpu_s, wall_s, intensity_g_per_kwh"
    with sqlite3.connect(file) as database:
        database.execute(
            "WITH RECURSIVE copy (n) AS "
            f"(SELECT 2 UNION ALL SELECT n + 1 FROM copy WHERE n < {runs})"
            f" INSERT INTO run (run_id, {columns}) SELECT 'copy' || n, {columns} FROM copy, run"
        )
        database.execute(
            "INSERT INTO figure SELECT f.subject, r.number, f.energy_j, f.raw_j, f.emissions_g, "
            "f.cpu_s, f.wall_s, f.verdict FROM figure f, run r WHERE r.number > 1 "
            "ORDER BY f.subject, r.number"
        )
    steps = {
        "append": lambda: kept.append(result_of("last", tests)),
        "all runs": kept.runs,
        "one test": lambda: kept.of(result.subjects[5].subject),
        "find": lambda: kept.find("test_5"),
    }
    for name, step in steps.items():
        start_s = time.perf_counter()
        step()
        print(f"history of {runs} runs, {name}: {time.perf_counter() - start_s:.3f} s")
    print(f"history of {runs} runs: {file.stat().st_size / 1e6:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=10_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        merge(write_shards(Path(name), args.shards, args.tests))
        history(Path(name) / "history.sqlite", args.runs)


if __name__ == "__main__":
    main()
