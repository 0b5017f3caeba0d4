"""What ``pytest-carbon compare`` spends on looking for the culprit of one test.

    python tests/benchmarks/comparison/explaining.py

A test of about 3 ms to 3 s calls a function to which head adds half as much work. Each size is
compared by itself, so that it is convicted by pairs and explained by profiles. The time is that of
the whole step, with the processes that are started for it, and stands beside what ten runs of the
test take and 2 s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from trials import commit, say

# Ends with the step's time in a file, beside what the comparison itself has to say.
TIMED = """
import os, sys, time
from pytest_carbon.compare.suspects import Suspects
from pytest_carbon.cli.main import main

explain = Suspects._explain

def timed(self, *arguments, **named):
    start = time.monotonic()
    try:
        return explain(self, *arguments, **named)
    finally:
        with open(os.environ["EXPLAINING_LOG"], "a") as log:
            log.write(f"{time.monotonic() - start}\\n")

Suspects._explain = timed
sys.exit(main(sys.argv[1:]))
"""

WORK = """
def spin(turns):
    return sum(number * number for number in range(turns))

def price(turns):
    return spin(turns) + spin(turns // {part})
"""

SUITE = """
import pytest
import work

@pytest.mark.parametrize("turns", {turns})
def test_price(turns):
    assert work.price(turns)
"""

TURNS = (40_000, 400_000, 4_000_000, 40_000_000)


def plain_s(folder: Path, test: str) -> float:
    """What one run of a test takes by itself, as pytest tells it."""
    command = [sys.executable, "-m", "pytest", "-q", "--durations=1", "--durations-min=0", test]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if "s call" in line)
    return float(line.split("s call")[0])


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suite"
        folder.mkdir()
        (folder / "test_work.py").write_text(SUITE.format(turns=TURNS), "utf-8")
        (folder / "work.py").write_text(WORK.format(part=1_000_000_000), "utf-8")
        commit(folder)
        (folder / "work.py").write_text(WORK.format(part=2), "utf-8")
        for turns in TURNS:
            test = f"test_work.py::test_price[{turns}]"
            log = Path(temporary) / f"{turns}.log"
            command = [sys.executable, "-c", TIMED, "compare", "HEAD", "--", test]
            environ = {**os.environ, "EXPLAINING_LOG": str(log)}
            done = subprocess.run(
                command, cwd=folder, env=environ, capture_output=True, text=True, check=False
            )
            run_s = plain_s(folder, test)
            say(
                turns=turns,
                named="work.py:5 price" in done.stdout,
                run_s=run_s,
                explaining_s=round(sum(map(float, log.read_text("utf-8").split())), 2),
                allowed_s=round(10 * run_s + 2, 2),
                status=done.returncode,
            )


if __name__ == "__main__":
    main()
