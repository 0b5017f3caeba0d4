"""Sizes, times and memory of baselines for 1,000, 10,000 and 100,000 tests.

Run ``python tests/benchmarks/store_scale.py [TESTS ...]``. Each size is measured with nothing but
full entries, and with nine tests of ten too short to have one. Each runs in a process of its own;
times are the best and the median of several, since a shared machine's speed varies.
``load`` reads and checks the file, ``compare`` looks every test up and reckons its change,
``write`` renders, syncs and replaces it, ``update`` is a whole refresh in which a tenth of the
tests changed: lock, load, plan, write. Memory is the peak of a process that loads and compares.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

# A script, and not installed with the package: it finds the package beside it.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import filelock  # noqa: F401 - imported before anything is timed

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.replace import replace_file
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.environment import Environment
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.updates.plan import Mode, Rules, plan_update

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 5

ENVIRONMENT = Environment(
    cpu_model="AMD EPYC 7B13 64-Core Processor",
    cpu_count=2,
    meter="model",
    clock="perf-task-clock",
    speed="follow",
    python="cpython-3.11",
    os="linux",
    tracing="off",
)


def example(tests: int, short: int) -> BaselineFile:
    """A file in which of ten tests so many are ``short``, and all other entries hold all they can.

    Each file of 50 tests has a sum if there are short ones.
    """
    chance = random.Random(1)

    def spread(samples: int) -> Spread:
        return Spread(
            centre_j=chance.lognormvariate(-3, 2),
            sd_log=chance.uniform(0.03, 0.2),
            samples=samples,
            processes=8,
        )

    def full() -> Entry:
        return Entry(
            first=spread(8),
            look=spread(40),
            raw=spread(8),
            cpu_s=chance.random(),
            wall_s=chance.random(),
            sensitivity=chance.uniform(0.5, 1.1),
            anchor_j=chance.lognormvariate(-3, 2),
            body=f"{chance.getrandbits(48):012x}",
        )

    def line() -> Entry:
        first_j, look_j = (chance.lognormvariate(-8, 1) for _ in range(2))
        return short_entry(first_j, look_j, f"{chance.getrandbits(48):012x}")

    entries = {}
    for number in range(tests):
        module = number // 50
        path = f"tests/part_{module // 20}/test_module_{module}.py"
        test = Subject(Kind.TEST, f"{path}::TestThing::test_it[{number}]")
        entries[test] = line() if number % 10 < short else full()
        if short and number % 50 == 0:
            entries[Subject(Kind.FILE, path)] = full()
    intensity = Intensity(
        g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default"
    )
    return BaselineFile(
        environment=ENVIRONMENT, intensity=intensity, reference_ns=151_234.0, entries=entries
    )


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(file: BaselineFile, now_j: dict[Subject, float]) -> int:
    """The least that a gate does with every test."""
    over = 0
    for subject, energy_j in now_j.items():
        entry = file.entries.get(subject)
        over += entry is not None and energy_j > entry.first.centre_j * 1.2
    return over


def peak_mb() -> float:
    """The most memory that this process ever had, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts what the parent had at the fork, too
        return int(status.read_text("utf-8").split("VmHWM:")[1].split()[0]) / 1e3
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def reading(folder: Path, names: Path) -> dict[str, object]:
    """Load and compare, in a process that has done nothing else."""
    store = BaselineStore(folder)
    now_j = {Subject(Kind.TEST, name): 0.1 for name in json.loads(names.read_text("utf-8"))}
    empty_mb = peak_mb()
    load_s, compare_s = [], []
    for _ in range(ROUNDS):
        file = None
        start = time.perf_counter()
        file = store.load(ENVIRONMENT)
        load_s.append(time.perf_counter() - start)
        assert file is not None
        start = time.perf_counter()
        compare(file, now_j)
        compare_s.append(time.perf_counter() - start)
    return {"load": load_s, "compare": compare_s, "peak_mb": peak_mb(), "empty_mb": empty_mb}


def writing(file: BaselineFile, folder: Path) -> dict[str, list[float]]:
    """Write all, and refresh a tenth."""
    store = BaselineStore(folder, lock_folder=folder / "locks")
    target = folder / "written.json"
    measured = {
        subject: entry._replace(first=entry.first._replace(centre_j=entry.first.centre_j * factor))
        for (subject, entry), factor in zip(
            file.entries.items(), (3.0, *[1.01] * 9) * len(file.entries), strict=False
        )
    }

    def refresh() -> None:
        def change(old: BaselineFile | None) -> BaselineFile:
            assert old is not None
            plan = plan_update(old.entries, measured, Rules(mode=Mode.ALL), passed=measured)
            return plan.apply(old)

        assert store.update(ENVIRONMENT, change).written

    write_s, update_s = [], []
    for _ in range(ROUNDS):
        write_s.append(timed(lambda: replace_file(target, render(file).encode(), "benchmark")))
        store.update(ENVIRONMENT, lambda _old: file)
        update_s.append(timed(refresh))
    return {"write": write_s, "update": update_s}


def measure(tests: int, short: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, names = Path(name) / "baselines", Path(name) / "names.json"
        file = example(tests, short)
        store = BaselineStore(folder, lock_folder=Path(name) / "locks")
        path = store.update(ENVIRONMENT, lambda _old: file).path
        subjects = [subject.id for subject in file.entries if subject.kind is Kind.TEST]
        names.write_text(json.dumps(subjects), "utf-8")
        done = subprocess.run(
            [sys.executable, __file__, "--read", folder, names],
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout)
        times = {"load": found["load"], "compare": found["compare"], **writing(file, folder)}
        figures = "  ".join(
            f"{what} {min(values):.3f} / {statistics.median(values):.3f} s"
            for what, values in times.items()
        )
        sys.stdout.write(
            f"{tests:>7,} tests, {tests * short // 10:>6,} short  "
            f"{path.stat().st_size / 1e6:5.1f} MB  {figures}  "
            f"peak {found['peak_mb']:.0f} MB ({found['empty_mb']:.0f} MB before)\n"
        )


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--read"]:
        sys.stdout.write(json.dumps(reading(Path(arguments[1]), Path(arguments[2]))))
        return
    sys.stdout.write("times: best / median\n")
    for tests in [int(argument) for argument in arguments] or SIZES:
        for short in (0, 9):
            measure(tests, short)


if __name__ == "__main__":
    main(sys.argv[1:])
