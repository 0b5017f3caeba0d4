"""The project that faults happen to, and what they may cost it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import psutil

from pytest_carbon.baseline.store import BaselineStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
CLI = (sys.executable, "-m", "pytest_carbon.cli.main")
UPDATE = (*PYTEST, "--carbon", "--carbon-update=all")
COMMANDS = {
    "update": UPDATE,
    "refresh": (*CLI, "refresh", "--rounds=1", "--loaded-rounds=0", "--update=all"),
    "prune": (*CLI, "prune", "--yes"),
    "merge": (*CLI, "merge", "carbon.json", "--update=all"),
    "compare": (*CLI, "compare", "HEAD"),
}

SUITE = """
import time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def test_a(): burn(0.02)
def test_b(): burn(0.02)
def test_short(): burn(0.0005)
"""
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
        self.home = folder / "home"
        self.home.mkdir()
        self.environ = {
            **os.environ,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
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
