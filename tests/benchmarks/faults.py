"""A table of faults: what machines and people do to a run, and what is lost, changed or left by it.

    python tests/benchmarks/faults.py [--kills 100] [--seed 0]

Each row plays one kind of fault against a suite with stored baselines: signals at random moments of
every command that writes, files that may not grow, folders that may not be written, twenty updates
at once, a clock that jumps. Counted are stored entries that were lost or cannot be read, tests
whose outcome differs from a run without the plugin, and what stays behind after the next run:
processes, temporary files, worktrees. Ends with 1 where any count is not 0.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil
from tabulate import tabulate

from pytest_carbon.baseline.store import BaselineStore

if TYPE_CHECKING:
    from collections.abc import Callable

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
CLI = (sys.executable, "-m", "pytest_carbon.cli.main")
UPDATE = (*PYTEST, "--carbon", "--carbon-update=all")

SUITE = """
import time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def test_a(): burn(0.02)
def test_b(): burn(0.02)
def test_short(): burn(0.0005)
"""
JUMPS = """
import random, time
real, dice = time.time, random.Random(0)
time.time = lambda: real() + dice.choice((-86400, 0, 86400, 3e7))
"""
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
WAIT_S = 120


class Row(NamedTuple):
    """One kind of fault, and what came of it."""

    fault: str
    tries: int
    lost: int
    changed: int
    left: int


class Project:
    """A repository with a suite and its baselines, and a temporary folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.temporary = folder / "tmp"
        for each in (self.folder, self.temporary):
            each.mkdir(mode=0o777)
            each.chmod(0o777)
        (self.folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
        (self.folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        self.environ = {**os.environ, "TMPDIR": str(self.temporary), "PYTHONDONTWRITEBYTECODE": "1"}
        self.git("init", "-q")
        self.git("add", ".")
        self.git("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "suite")
        self.run(*UPDATE, "--carbon-report=json:carbon.json")
        self.before = self.entries()

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout

    def start(
        self, *command: str, prepare: Callable[[], None] | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - a script of one thread
        )

    def run(self, *command: str, prepare: Callable[[], None] | None = None) -> tuple[int, str]:
        process = self.start(*command, prepare=prepare)
        output, _ = process.communicate(timeout=WAIT_S)
        return process.returncode, output

    def entries(self) -> set[str]:
        """The stored subjects; raises where a file cannot be read."""
        survey = BaselineStore(self.folder / "baselines").survey()
        if survey.broken:
            raise survey.broken[0][1]
        return {subject.id for _, file in survey.files for subject in file.entries}

    def lost(self) -> int:
        try:
            return len(self.before - self.entries())
        except Exception:  # noqa: BLE001 - a file that cannot be read has lost all
            return len(self.before)

    def left(self) -> int:
        """What is there after a run that ends as it should."""
        self.run(*UPDATE)
        deadline_s = time.monotonic() + 10
        while (count := self._processes()) and time.monotonic() < deadline_s:
            time.sleep(0.1)
        files = [p for p in self.temporary.iterdir() if p.name.startswith("pytest-carbon-scratch")]
        files += [p for p in self.temporary.iterdir() if "compare" in p.name]
        drafts = list((self.folder / "baselines").glob(".*.tmp"))
        worktrees = self.git("worktree", "list", "--porcelain").count("worktree ") - 1
        return count + len(files) + len(drafts) + worktrees

    def _processes(self) -> int:
        count = 0
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                count += process.environ().get("TMPDIR") == str(self.temporary)
        return count


def passed(output: str) -> bool:
    return "3 passed" in output


def killed(project: Project, number: signal.Signals, tries: int, dice: random.Random) -> Row:
    """A signal at a random moment of a random command."""
    commands = {
        "update": UPDATE,
        "refresh": (*CLI, "refresh", "--rounds=1", "--loaded-rounds=0", "--update=all"),
        "prune": (*CLI, "prune", "--yes"),
        "merge": (*CLI, "merge", "carbon.json", "--update=all"),
        "compare": (*CLI, "compare", "HEAD"),
    }
    lost = 0
    for _ in range(tries):
        process = project.start(*commands[dice.choice(list(commands))])
        try:
            process.wait(dice.uniform(0.05, 4))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        try:
            process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            # What it has started holds its output.
            process.kill()
        lost += project.lost()
    # Worktrees are the next comparison's to remove.
    project.run(*commands["compare"])
    left = project.left()
    return Row(f"{number.name} at random in {', '.join(commands)}", tries, lost, 0, left)


def full_disk(project: Project) -> Row:
    """No file may grow beyond some bytes, as on a disk with so much left."""
    tries = lost = changed = 0
    for most in (0, 100, 1000):
        tries += 1

        def limit(most: int = most) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        _, output = project.run(*UPDATE, prepare=limit)
        _, without = project.run(*PYTEST, prepare=limit)
        changed += passed(output) != passed(without)
        lost += project.lost()
    return Row("a disk with 0, 100, 1000 bytes left", tries, lost, changed, project.left())


def read_only(project: Project) -> Row:
    """The baselines' folder belongs to somebody else."""
    folder = project.folder / "baselines"
    folder.chmod(0o555)

    def drop() -> None:
        # A superuser without the right to pass over permissions.
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)

    status, output = project.run(*UPDATE, prepare=drop)
    folder.chmod(0o755)
    changed = int(not passed(output)) + int(status not in (0, 4))
    return Row("a read-only folder", 1, project.lost(), changed, project.left())


def at_once(project: Project, writers: int = 20) -> Row:
    """Twenty updates of different tests at once."""
    for number in range(writers):
        text = SUITE.replace("test_a", f"test_a_{number}")
        (project.folder / f"test_more_{number}.py").write_text(text, encoding="utf-8")
    runs = [
        project.start(*UPDATE, "--carbon-confirm-time=0", f"test_more_{n}.py")
        for n in range(writers)
    ]
    outputs = [run.communicate(timeout=600)[0] for run in runs]
    wanted = {f"test_more_{n}.py::test_a_{n}" for n in range(writers)}
    lost = len(wanted - project.entries()) + project.lost()
    changed = sum(not passed(output) for output in outputs)
    for number in range(writers):
        (project.folder / f"test_more_{number}.py").unlink()
    return Row("updates at once", writers, lost, changed, project.left())


def jumping_clock(project: Project) -> Row:
    """The time of day jumps by days whenever it is read."""
    (project.folder / "conftest.py").write_text(JUMPS, encoding="utf-8")
    report = ("--carbon-report=json:jumps.json", "--carbon-history=history.sqlite")
    status, output = project.run(*UPDATE, *report)
    (project.folder / "conftest.py").unlink()
    wall_s = json.loads((project.folder / "jumps.json").read_text())["wall_s"]
    changed = int(status != 0 or not passed(output) or not 0 < wall_s < WAIT_S)
    return Row("a clock that jumps", 1, project.lost(), changed, project.left())


def main() -> int:
    """Play all faults, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    signals = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    plays: list[Callable[[Project], Row]] = [
        *(
            lambda project, number=number: killed(
                project, number, max(1, arguments.kills // len(signals)), dice
            )
            for number in signals
        ),
        full_disk,
        read_only,
        at_once,
        jumping_clock,
    ]
    rows = []
    for play in plays:
        folder = Path(tempfile.mkdtemp(prefix="carbon-faults-"))
        folder.chmod(0o755)
        try:
            rows.append(play(Project(folder)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(rows[-1], flush=True)
    print(tabulate(rows, headers=["fault", "tries", "lost entries", "changed", "left behind"]))
    return int(any(row.lost or row.changed or row.left for row in rows))


if __name__ == "__main__":
    sys.exit(main())
