"""What the plugin costs: whole processes with and without it, in turn on the same machine.

    python tests/benchmarks/overhead.py [--pairs 11] [--only NAME ...] [--suite NAME=COMMAND ...]
        [--peers] [--picture FILE]

Ratios are medians over pairs of runs; CPU time is the process's own and that of the children that
it has waited for. ``--suite`` adds a suite of yours, by a command to which ``--carbon`` can be
appended. The peers run in environments of their own, which need the network once. The picture needs
matplotlib.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tabulate import tabulate

EMPTY = """
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_empty(number):
    pass
"""


class Cost(NamedTuple):
    """What one run of a process took."""

    cpu_s: float
    wall_s: float
    peak_bytes: int


class Pair(NamedTuple):
    """Two runs, one after the other: without what is measured, and with it."""

    plain: Cost
    loaded: Cost

    @property
    def cpu_ratio(self) -> float:
        """CPU time with it, over that without."""
        return self.loaded.cpu_s / self.plain.cpu_s


class Scenario(NamedTuple):
    """Two commands in one folder: without what is measured, and with it."""

    name: str
    folder: Path
    plain: list[str]
    loaded: list[str]
    tests: int = 0


def run(command: list[str], folder: Path) -> Cost:
    """Run a command to its end, with bytecode as an installed package has it."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start_s = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit status {process.returncode}: {shlex.join(command)}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(cpu_s, time.perf_counter() - start_s, usage.ru_maxrss * 1024)


def empty(folder: Path, tests: int) -> Path:
    """A folder with so many empty tests."""
    folder.mkdir(parents=True)
    (folder / "test_empty.py").write_text(EMPTY.format(tests=tests))
    return folder


def own_scenarios(home: Path) -> list[Scenario]:
    """The plugin on empty tests, and where it is off."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    plain, on = [*pytest, "-p", "no:carbon"], [*pytest, "--carbon"]
    one, many = empty(home / "one", 1), empty(home / "many", 2_000)
    most, huge = empty(home / "most", 10_000), empty(home / "huge", 50_000)
    stored = [*on, "--carbon-baselines=stored", "--carbon-report=json:result.json"]
    return [
        Scenario("off", one, plain, pytest),
        Scenario("start", one, plain, on),
        Scenario("2000", many, plain, on, 2_000),
        Scenario("2000 -n 2", many, [*plain, "-n", "2"], [*on, "-n", "2"], 2_000),
        Scenario("10000", most, plain, on, 10_000),
        Scenario("50000 stored", huge, plain, stored, 50_000),
    ]


def peer_scenarios(home: Path) -> list[Scenario]:
    """Plugins that measure something else, each in an environment of its own."""
    found = []
    for name, on in (("pytest-benchmark", []), ("pytest-memray", ["--memray"])):
        place = home / name
        venv.create(place, with_pip=True)
        python = str(place / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", "pytest", name]
        subprocess.run(install, check=True)
        pytest = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        off = ["-p", "no:benchmark"] if name == "pytest-benchmark" else ["-p", "no:memray"]
        found.append(
            Scenario(name, empty(place / "many", 2_000), [*pytest, *off], [*pytest, *on], 2_000)
        )
    return found


def measure(scenario: Scenario, pairs: int) -> list[Pair]:
    """The pairs of runs; the first, which writes bytecode, is left out."""
    if "--carbon-baselines=stored" in scenario.loaded:
        run([*scenario.loaded, "--carbon-update"], scenario.folder)
    return [
        Pair(run(scenario.plain, scenario.folder), run(scenario.loaded, scenario.folder))
        for _ in range(pairs + 1)
    ][1:]


def row(scenario: Scenario, runs: list[Pair]) -> list[str]:
    """A row of the table."""
    more_s = median(loaded.cpu_s - plain.cpu_s for plain, loaded in runs)
    more_bytes = median(loaded.peak_bytes - plain.peak_bytes for plain, loaded in runs)
    tests = scenario.tests
    return [
        scenario.name,
        f"{median(plain.cpu_s for plain, _ in runs):.2f} s",
        f"{median(pair.cpu_ratio for pair in runs):.2f}",
        f"{median(loaded.wall_s / plain.wall_s for plain, loaded in runs):.2f}",
        f"{1e3 * more_s:.0f} ms",
        f"{1e6 * more_s / tests:.0f} µs" if tests else "",
        f"{more_bytes / 1e6:.1f} MB",
        f"{more_bytes / tests / 1e3:.2f} KB" if tests else "",
    ]


def draw(found: dict[str, list[Pair]], path: Path) -> None:
    """Draw the ratio of CPU times of each pair, and their medians."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.5 * len(found) + 1), layout="constrained")
    for height, (name, runs) in enumerate(reversed(found.items())):
        ratios = [pair.cpu_ratio for pair in runs]
        axes.plot(ratios, [height] * len(ratios), "o", color="tab:blue", alpha=0.4)
        axes.plot(median(ratios), height, "|", color="black", markersize=18)
        axes.annotate(f"{median(ratios):.2f} {name}", (1.0, height + 0.25), color="black")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_ylim(-0.5, len(found))
    axes.set_yticks([])
    axes.set_xlabel("CPU time of the whole process, over that without")
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--only", nargs="+", default=[], help="names of rows")
    parser.add_argument("--suite", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--peers", action="store_true", help="pytest-benchmark and pytest-memray")
    parser.add_argument("--picture", type=Path, help="draw the ratios into this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        scenarios = own_scenarios(home)
        for suite in options.suite:
            name, _, command = suite.partition("=")
            words = shlex.split(command)
            plain, loaded = [*words, "-p", "no:carbon"], [*words, "--carbon"]
            scenarios.append(Scenario(name, Path.cwd(), plain, loaded))
        if options.peers:
            scenarios += peer_scenarios(home)
        chosen = [s for s in scenarios if not options.only or s.name in options.only]
        heads = ["", "plain CPU", "CPU", "wall", "more CPU", "a test", "more memory", "a test"]
        found = {}
        rows = []
        for scenario in chosen:
            found[scenario.name] = measure(scenario, options.pairs)
            rows.append(row(scenario, found[scenario.name]))
            print(*rows[-1], sep="  ", flush=True)
        print("\n" + tabulate(rows, heads, tablefmt="github", disable_numparse=True))
        if options.picture is not None:
            draw(found, options.picture)


if __name__ == "__main__":
    main()
