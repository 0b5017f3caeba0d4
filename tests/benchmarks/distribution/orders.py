"""Random orders: the same verdicts, by pytest-randomly and by pytest-random-order.

    python tests/benchmarks/distribution/orders.py [--orders 20]

Needs both plugins (``pip install pytest-randomly pytest-random-order``). Baselines of 60 tests in
six files are stored in the order of the files. Then one test of them costs six times as much, and
the suite runs in so many orders, by turns of one plugin and of the other. Ends with 1 where an
order changes a verdict.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path.insert(0, str(REPOSITORY))

from pytest_carbon.measurement import Kind  # noqa: E402
from pytest_carbon.resultfile.file import read_result  # noqa: E402

SUITE = """
import os
import time
import pytest

def burn(cpu_s):
    start = time.thread_time()
    while time.thread_time() - start < cpu_s:
        sum(range(500))

@pytest.fixture(scope="module", autouse=True)
def shared(): burn(0.02)

@pytest.mark.parametrize("n", range(9))
def test_n(n): burn(0.01 + 0.002 * n)

def test_changed(): burn(0.03 * (1 + float(os.environ["RISE"]) * {changed}))
"""


RISE = 5.0


def order(seed: int) -> tuple[str, ...]:
    """What makes pytest run tests in the order of this seed, by one plugin or the other."""
    if seed % 2:
        return ("-p", "no:randomly", "--random-order", f"--random-order-seed={seed}")
    return ("-p", "no:random_order", f"--randomly-seed={seed}")


def run(folder: Path, rise: float, *arguments: str) -> dict[str, str]:
    """The verdicts of a run, by test."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--carbon"),
            *("--carbon-report=json:run.json", *arguments),
        ],
        cwd=folder,
        env={**os.environ, "RISE": str(rise)},
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return {
        one.subject.id: one.verdict.outcome.value
        for one in read_result(folder / "run.json").of(Kind.TEST)
        if one.verdict is not None
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(6):
            text = SUITE.format(changed=int(number == 3))
            (folder / f"test_{number}.py").write_text(text)
        # What burns for a given time costs the same at any speed.
        (folder / "pytest.ini").write_text("[pytest]\ncarbon_speed = off\n")
        files = ("-p", "no:randomly", "-p", "no:random_order")
        for _ in range(3):
            run(folder, 0.0, "--carbon-update=all", *files)
        expected = run(folder, RISE, *files)
        print("in the order of the files:", dict(Counter(expected.values())), flush=True)
        bad = 0
        for seed in range(args.orders):
            found = run(folder, RISE, *order(seed))
            moved = {test for test in expected if found.get(test) != expected[test]}
            bad += bool(moved)
            counts = dict(Counter(found.values()))
            print(f"order {seed}: {counts}, other: {sorted(moved)}", flush=True)
    print(f"{args.orders} orders, {bad} with another verdict")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
