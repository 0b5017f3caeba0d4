"""A suite of over 1,000 real tests with ``-n 0``, ``-n 2`` and ``-n 4``: the same figures?

    python tests/benchmarks/distribution/agreement.py [--suite FOLDER -- ARGUMENTS]

Takes the tests of marshmallow from its source distribution (needs network), or those of a folder.
Baselines are stored first, since the speed that figures are corrected to is found out with them.
Each mode is run with the model, and with a counter that follows the CPU time that this machine
really spends. Prints for each mode how
many tests and outcomes differ from ``-n 0``, the median ratio of energy of tests over 20 ms, and
how far the rows are from what the counter showed. Ends with 1 where a limit is passed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).parents[3]
sys.path.insert(0, str(REPOSITORY))

from pytest_carbon.measurement import Kind  # noqa: E402
from pytest_carbon.resultfile.file import read_result  # noqa: E402
from tests.busy_powercap import busy_powercap  # noqa: E402

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult

REQUIREMENT = "marshmallow==4.4.0"
# Their ids hold the time of day.
LEFT_OUT = ("-k", "not test_invalid_datetime_deserialization")

MODES = ("-n0", "-n2", "-n4", "-n2 --dist=loadscope", "-n2 --dist=worksteal")

# Few tests of theirs are longer than 20 ms. These do the same work at any speed of the core.
LONG = """
import pytest

@pytest.mark.parametrize("n", range(40))
def test_long(n):
    for _ in range(5_000 + 500 * n):
        sum(range(500))
"""

MOST_RATIO, MOST_GAP = 0.10, 0.01


def fetched(folder: Path) -> Path:
    """The tests of the source distribution, with the package that they are for."""
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    download += ["--no-binary", ":all:", "-d", str(folder), REQUIREMENT]
    subprocess.run(download, check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (tree,) = (path for path in folder.iterdir() if path.is_dir())
    (tree / "tests" / "test_long.py").write_text(LONG)
    needed = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tree / "src")]
    subprocess.run([*needed, "simplejson"], check=True)
    return tree


def run(suite: Path, arguments: list[str], mode: str, report: Path, *more: str) -> RunResult:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--carbon", *more]
    source = suite / "src"
    environ = {**os.environ, "PYTHONPATH": str(source)} if source.is_dir() else None
    subprocess.run(
        [*command, f"--carbon-report=json:{report}", *mode.split(), *arguments],
        cwd=suite,
        env=environ,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return read_result(report)


def energies_j(result: RunResult) -> dict[str, float]:
    """What tests over 20 ms took."""
    return {
        one.subject.id: one.total.energy_j
        for one in result.of(Kind.TEST)
        if one.total.energy_j and one.total.cpu_s > 0.02
    }


def gap(result: RunResult) -> float:
    """How far rows, rest and others' part together are from what the counter showed."""
    rows = result.rows_total
    assert rows is not None
    (counted,) = result.counted
    rows_j = sum(e.dynamic_j + e.idle_j for e in rows.energies if e.domain == counted.domain)
    return (rows_j + counted.others_j) / counted.total_j - 1


def compared(result: RunResult, serial: RunResult) -> tuple[int, float]:
    """How many outcomes differ, and the median ratio of the energies of long tests."""
    ours, theirs = result.course.outcomes, serial.course.outcomes
    different = sum(ours.get(test) != theirs.get(test) for test in {*ours, *theirs})
    now_j, before_j = energies_j(result), energies_j(serial)
    return different, median(now_j[test] / before_j[test] for test in now_j.keys() & before_j)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", type=Path)
    parser.add_argument("arguments", nargs="*")
    args = parser.parse_args()
    bad = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = args.suite or fetched(folder)
        arguments = args.arguments or ["tests", *LEFT_OUT]
        with busy_powercap(folder / "powercap") as powercap:
            for method, more in (("model", []), ("counter", [f"--carbon-powercap={powercap}"])):
                options = [
                    *more,
                    "--carbon-confirm-time=0",
                    f"--carbon-baselines={folder}/{method}",
                ]
                run(suite, arguments, "-n0", folder / "run.json", *options, "--carbon-update=all")
                serial: RunResult | None = None
                for mode in MODES:
                    result = run(suite, arguments, mode, folder / "run.json", *options)
                    serial = serial or result
                    different, ratio = compared(result, serial)
                    words = f"{len(result.of(Kind.TEST))} tests, {different} other outcomes, "
                    words += f"{len(energies_j(result))} over 20 ms at {ratio:.3f} in the median"
                    bad |= different > 0 or abs(ratio - 1) > MOST_RATIO
                    if result.counted:
                        words += f", rows and counter differ by {gap(result):+.2%}"
                        bad |= abs(gap(result)) > MOST_GAP
                    print(f"{method} {mode}: {words}", flush=True)
    return int(bad)


if __name__ == "__main__":
    raise SystemExit(main())
