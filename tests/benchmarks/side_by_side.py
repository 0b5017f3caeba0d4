"""One script measured by ``measure``, by ``pytest-carbon run``, and by codecarbon, in turn.

    python tests/benchmarks/side_by_side.py [--codecarbon PYTHON] [--rounds 3]

``PYTHON`` is an interpreter that has codecarbon 3 (``pip install codecarbon`` in a venv of its
own); without it that part of the table is left out. All are told the same carbon intensity.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

INTENSITY = 475

WORK = """
import subprocess, sys, time

def burn(cpu_s):
    start = time.thread_time()
    while time.thread_time() - start < cpu_s:
        sum(range(500))

def work():
    burn(2)                                                            # 2 s of CPU time here
    child = [sys.executable, "-c", "from work import burn; burn(1)"]
    subprocess.run(child, check=True)                                  # 1 s in a child
    time.sleep(2)                                                      # 2 s of nothing
"""

SCRIPTS = {
    "plain": "from work import work\nwork()\n",
    "measure": """
import json
from work import work
from pytest_carbon import measure
with measure("work") as m:
    work()
print(json.dumps([m.wall_s, m.cpu_s, m.energy_j, m.emissions_g]))
""",
    "with_codecarbon": """
import json, sys
from work import work
from codecarbon import OfflineEmissionsTracker
tracker = OfflineEmissionsTracker(
    country_iso_code="USA", tracking_mode=sys.argv[1], save_to_file=False, log_level="critical",
    force_carbon_intensity_g_co2e_kwh=INTENSITY,
)
tracker.start()
work()
tracker.stop()
d = tracker.final_emissions_data
print(json.dumps([d.duration, None, d.energy_consumed * 3.6e6, d.emissions * 1000,
                  d.cpu_energy * 3.6e6, d.ram_energy * 3.6e6]))
""".replace("INTENSITY", str(INTENSITY)),
}


def last_line(folder: Path, *command: str) -> list[float | None]:
    environ = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PYTEST_CARBON_INTENSITY": str(INTENSITY),
    }
    done = subprocess.run(
        command, cwd=folder, env=environ, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else []


def by_run(folder: Path) -> list[float | None]:
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "run", "--report=json:run.json"]
    last_line(folder, *command, "--report=csv:run.csv", "--", sys.executable, "plain.py")
    run = json.loads((folder / "run.json").read_text())
    (subject,) = run["subjects"]
    with (folder / "run.csv").open(newline="") as file:
        row = list(csv.DictReader(file))[-1]
    joules = float(row["energy_consumed"]) * 3.6e6
    return [run["wall_s"], subject["total"]["cpu_s"], joules, float(row["emissions"]) * 1000]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codecarbon", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "work.py").write_text(WORK)
        for script, text in SCRIPTS.items():
            (folder / f"{script}.py").write_text(text)
        ways = {
            'measure("work")': lambda: last_line(folder, sys.executable, "measure.py"),
            "pytest-carbon run": lambda: by_run(folder),
        }
        if arguments.codecarbon:
            for mode in ("process", "machine"):
                ways[f"codecarbon, {mode}"] = lambda mode=mode: last_line(
                    folder, arguments.codecarbon, "with_codecarbon.py", mode
                )
        found: dict[str, list[list[float | None]]] = {way: [] for way in ways}
        for _ in range(arguments.rounds):
            for way, take in ways.items():
                found[way].append(take())
    print("3 s of CPU time (1 of them in a child), then 2 s of sleep; medians of", end=" ")
    print(f"{arguments.rounds}, {INTENSITY} g/kWh")
    print(f"{'':24}{'wall s':>8}{'CPU s':>8}{'J':>9}{'mg CO2e':>9}  of that")
    for way, rows in found.items():
        columns = [
            None if None in column else statistics.median(column)
            for column in zip(*rows, strict=True)
        ]
        wall_s, cpu_s, joules, grams, *parts = columns
        cpu_text = "unknown" if cpu_s is None else f"{cpu_s:.2f}"
        note = f"CPU {parts[0]:.2f} J, RAM {parts[1]:.2f} J" if parts else ""
        print(f"{way:24}{wall_s:8.2f}{cpu_text:>8}{joules:9.2f}{grams * 1000:9.2f}  {note}")


if __name__ == "__main__":
    main()
