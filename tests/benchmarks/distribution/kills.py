"""SIGKILL to workers at random moments: no reported result and no baseline entry is lost.

    python tests/benchmarks/distribution/kills.py [--runs 50] [--seed 0]

Each run distributes a suite of 60 tests over two workers with ``--carbon-update=changed``, kills a
worker once to four times at random moments, and is held against what pytest itself reported and
against the baselines from before. Prints a line a run, and ends with 1 where anything is lost.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import psutil

TESTS = 60
SUITE = f"""
import time
import pytest

def burn(cpu_s):
    start = time.thread_time()
    while time.thread_time() - start < cpu_s:
        sum(range(500))

@pytest.mark.parametrize("n", range({TESTS}))
def test_n(n): burn(0.01 + 0.001 * n)
"""
COMMAND = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--carbon"]
VARIANTS = ((), (), (), ("--max-worker-restart=0",), ("--maxfail=1",), ("--dist=worksteal",))


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """The workers that run now, by the command that execnet starts them with."""
    found = []
    with contextlib.suppress(psutil.Error):
        for child in process.children():
            with contextlib.suppress(psutil.Error):
                if any("sys.stdin.readline" in part for part in child.cmdline()):
                    found.append(child)
    return found


def killed(folder: Path, dice: random.Random, arguments: tuple[str, ...]) -> tuple[int, int]:
    """One run; its exit status, and how many workers were killed."""
    for report in ("run.json", "junit.xml"):
        (folder / report).unlink(missing_ok=True)
    run = subprocess.Popen(
        [
            *COMMAND,
            "-n2",
            "--carbon-update=changed",
            "--carbon-confirm-time=0",
            "--carbon-report=json:run.json",
            "--junitxml=junit.xml",
            *arguments,
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    kills = 0
    moments = sorted(time.monotonic() + dice.uniform(0.2, 4.0) for _ in range(dice.randint(1, 4)))
    for moment in moments:
        time.sleep(max(0.0, moment - time.monotonic()))
        with contextlib.suppress(psutil.Error):
            found = workers_of(psutil.Process(run.pid))
            if found and run.poll() is None:
                os.kill(dice.choice(found).pid, signal.SIGKILL)
                kills += 1
    output = run.communicate()[0].decode(errors="replace")
    (folder / "output.txt").write_text(output)
    return run.returncode, kills


def stored(folder: Path) -> dict[str, object]:
    (file,) = (folder / "baselines").glob("*.json")
    entries: dict[str, object] = json.loads(file.read_text())["test"]
    return entries


def losses(folder: Path, before: dict[str, object], kills: int) -> list[str]:
    """What is missing after a run."""
    if not (folder / "run.json").exists():
        # Killed as it started, the first worker ends pytest-xdist before any test.
        return [] if stored(folder) == before else ["the baselines have changed"]
    wrong = []
    plain = json.loads((folder / "run.json").read_text())
    measured = {
        s["subject"]["id"].partition("::")[2]: s
        for s in plain["subjects"]
        if s["subject"]["kind"] == "test"
    }
    for case in ET.parse(folder / "junit.xml").iter("testcase"):
        name = case.get("name") or ""
        if not name:
            continue  # an internal error of pytest-xdist, to which the start of a worker was lost
        if case.find("failure") is None and case.find("error") is None:
            if name not in measured:
                wrong.append(f"{name} was reported and has no result")
            elif measured[name]["derived"]["energy_j"] is None:
                wrong.append(f"the energy of {name} is unknown")
            elif measured[name]["test_outcome"] != "passed":
                wrong.append(f"{name} passed, and is {measured[name]['test_outcome']}")
    after = stored(folder)
    wrong += [f"the baseline of {test} is gone" for test in before if test not in after]
    lost = plain["course"]["lost_workers"]
    if lost != sum("was lost" in note for note in plain["notes"]):
        wrong.append(f"{lost} lost workers are not named each")
    if lost > kills:
        wrong.append(f"{lost} workers are said to be lost, and {kills} were killed")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    dice = random.Random(args.seed)
    bad = kills_in_all = crashed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_kills.py").write_text(SUITE)
        (folder / "pytest.ini").write_text("[pytest]\n")
        subprocess.run(
            [*COMMAND, "--carbon-update=all", "--carbon-confirm-time=0"], cwd=folder, check=True
        )
        for number in range(args.runs):
            before = stored(folder)
            arguments = dice.choice(VARIANTS)
            status, kills = killed(folder, dice, arguments)
            try:
                wrong = losses(folder, before, kills)
            except (OSError, ValueError, ET.ParseError) as error:
                wrong = [f"{type(error).__name__}: {error}"]
            kills_in_all += kills
            crashed += status != 0
            bad += bool(wrong)
            words = "; ".join(wrong) or "nothing lost"
            print(
                f"run {number} {' '.join(arguments)}: {kills} kills, exit {status}: {words}",
                flush=True,
            )
            if wrong:
                print((folder / "output.txt").read_text()[-3000:])
    print(f"{args.runs} runs, {kills_in_all} kills, {crashed} runs failed, {bad} lost something")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
