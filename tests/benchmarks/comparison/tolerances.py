"""How often ``pytest-carbon compare --tolerance`` finds rises of known size, and raises alarms.

    python tests/benchmarks/comparison/tolerances.py --tolerance 1% --rise 0.03 --count 14
    python tests/benchmarks/comparison/tolerances.py --tolerance 1% --rise 0 --tests 2 --count 100
    python tests/benchmarks/comparison/tolerances.py --tolerance 5% --rise 0.08 --count 20

Each comparison is of a suite of a few tests, drawn by chance from those of ``workloads.py`` with
sizes that take 20 to 30 ms. A hook in a ``conftest.py`` makes all but one of them costlier by that
part of the CPU time that the test has taken; with a rise of 0 it is the same on both sides. Each
line of the output is one comparison as JSON, the last one has the sums.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from trials import HERE, HOOK, commit, compare, middle, say

# So that each takes 20 to 30 ms of CPU time on a core of an EPYC that nobody shares.
SIZES = {
    "json": 1000,
    "regular_expression": 12,
    "sort": 120,
    "dictionary": 90_000,
    "compress": 14,
    "hash": 30,
    "database": 11_000,
    "recursion": 24,
    "objects": 90_000,
}
TESTS = (*(f"test_{name}[{size}]" for name, size in SIZES.items()), "test_strings")


def lay_out(folder: Path) -> None:
    """Put the suite under git, with a hook that adds nothing."""
    folder.mkdir()
    text = (HERE / "workloads.py").read_text("utf-8")
    for name, size in SIZES.items():
        text, count = re.subn(
            rf"\[[0-9_, ]+\]\)\ndef test_{name}\(", f"[{size}])\ndef test_{name}(", text
        )
        assert count == 1, name
    (folder / "test_work.py").write_text(text, "utf-8")
    (folder / "conftest.py").write_text(HOOK.format(rise=0.0, tests=[]), "utf-8")
    commit(folder)


def run_one(folder: Path, tests: list[str], args: argparse.Namespace) -> dict[str, Any]:
    """Compare once: the first of ``tests`` is unchanged, the others are costlier."""
    risen = tests[1:] if args.rise else []
    hook = HOOK.format(rise=args.rise, tests=risen)
    (folder / "conftest.py").write_text(hook, "utf-8")
    head = [] if args.rise else ["HEAD"]
    names = [f"test_work.py::{name}" for name in tests]
    options = ["--all", "--tolerance", args.tolerance]
    found = compare(Path(sys.executable), folder, *options, "HEAD", *head, "--", *names)
    outcomes = {}
    ratios = {}
    for one in found["tests"]:
        name = one["test"].partition("::")[2]
        outcomes[name] = one["verdict"]["outcome"]
        ratios[name] = round(one["verdict"]["ratio"], 4)
    return {
        "risen": {name: outcomes[name] for name in risen},
        "unchanged": {name: outcomes[name] for name in tests if name not in risen},
        "ratios": ratios,
        "pairs": sum(one["pairs"] for one in found["tests"]),
        "elapsed_s": round(found["elapsed_s"], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tolerance", default="1%")
    parser.add_argument("--rise", type=float, default=0.03)
    parser.add_argument("--count", type=int, default=20, help="comparisons")
    parser.add_argument("--tests", type=int, default=4, help="tests in each of them")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suite"
        lay_out(folder)
        for number in range(args.count):
            line = run_one(folder, rng.sample(TESTS, args.tests), args)
            lines.append(line)
            say(number=number, load=round(os.getloadavg()[0], 1), **line)
    risen = Counter(outcome for line in lines for outcome in line["risen"].values())
    say(
        tolerance=args.tolerance,
        rise=args.rise,
        comparisons=len(lines),
        tries=sum(risen.values()),
        risen=dict(risen),
        unchanged=dict(
            Counter(outcome for line in lines for outcome in line["unchanged"].values())
        ),
        comparisons_with_alarms=sum("regressed" in line["unchanged"].values() for line in lines),
        median_pairs=middle([line["pairs"] for line in lines]),
        median_elapsed_s=middle([line["elapsed_s"] for line in lines]),
    )


if __name__ == "__main__":
    main()
