"""False alarms and detections of sums of short tests that mostly wait.

    python tests/benchmarks/detection/waiting.py --runs 40 [--extra 0.3] [--wait 0.05]

A file of 40 tests, each of which waits and then burns 1 ms. Only some of them are measured again,
as a pass over all takes too long. Baselines are stored by ``pytest-carbon refresh``; then each run
is told how much costlier all tests are (``--extra``, 0 for none). Each line is one run, the last
one sums them up: outcomes, and how many were suspects.
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
from typing import Any

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result

FILE = """
import os
import time
import pytest

EXTRA = float(os.environ.get("WAITING_EXTRA", "0"))

@pytest.mark.parametrize("number", range(40))
def test_wait(number):
    time.sleep({wait})
    for _ in range(int(140 * (1 + EXTRA))):
        sum(range(500))
"""


def run(folder: Path, *arguments: str, extra: float = 0.0) -> None:
    """One run of pytest with carbon."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--carbon"]
    environ = {**os.environ, "WAITING_EXTRA": str(extra)}
    subprocess.run(
        [*command, *arguments], cwd=folder, env=environ, stdout=subprocess.DEVNULL, check=False
    )


def verdict_of(folder: Path, extra: float) -> dict[str, Any]:
    """The verdict on the sum in one run, and how long that took."""
    started_s = time.monotonic()
    run(folder, "--carbon-report=json:result.json", extra=extra)
    result = read_result(folder / "result.json")
    (of_file,) = result.of(Kind.FILE)
    verdict = of_file.verdict
    assert verdict is not None, "its baseline was stored"
    return {
        "outcome": verdict.outcome.value,
        "ratio": None if verdict.ratio is None else round(verdict.ratio, 3),
        "looks": verdict.looks - 1,
        "elapsed_s": round(time.monotonic() - started_s, 1),
    }


def main() -> None:
    """Store, run, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--extra", type=float, default=0.0)
    parser.add_argument("--wait", type=float, default=0.05)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_waiting.py").write_text(FILE.format(wait=args.wait))
        refresh = [sys.executable, "-m", "pytest_carbon.cli.main", "refresh"]
        subprocess.run(refresh, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        outcomes: Counter[str] = Counter()
        for number in range(args.runs):
            found = verdict_of(folder, args.extra)
            outcomes[found["outcome"]] += 1
            outcomes["suspects"] += found["looks"] > 0
            sys.stdout.write(json.dumps({"number": number, **found}) + "\n")
            sys.stdout.flush()
        sys.stdout.write(json.dumps({"extra": args.extra, **outcomes}) + "\n")


if __name__ == "__main__":
    main()
