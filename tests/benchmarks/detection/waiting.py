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
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from experiment import run_suite, say

NAME = "test_waiting.py"
FILE = """
import os
import time
import pytest

EXTRA = float(os.environ.get("DETECTION_EXTRA", "0"))

@pytest.mark.parametrize("number", range(40))
def test_wait(number):
    time.sleep({wait})
    for _ in range(int(140 * (1 + EXTRA))):
        sum(range(500))
"""


def verdict_of(folder: Path, extra: float) -> dict[str, Any]:
    """The verdict on the sum in one run, and how long that took."""
    found = run_suite(folder, [], extra, "")
    _, ratio, looks = found["ratios"][NAME]
    return {
        # What is no detail is ok: the sum is far above the floor.
        "outcome": found["details"].get(NAME, ["ok"])[0],
        "ratio": ratio,
        "looks": looks - 1,
        "elapsed_s": found["wall_s"],
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
        (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
        (folder / NAME).write_text(FILE.format(wait=args.wait))
        refresh = [sys.executable, "-m", "pytest_carbon.cli.main", "refresh"]
        subprocess.run(refresh, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        outcomes: Counter[str] = Counter()
        for number in range(args.runs):
            found = verdict_of(folder, args.extra)
            outcomes[found["outcome"]] += 1
            outcomes["suspects"] += found["looks"] > 0
            say(json.dumps({"number": number, **found}))
        say(json.dumps({"extra": args.extra, **outcomes}))


if __name__ == "__main__":
    main()
