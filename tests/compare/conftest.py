"""A small project under git, and the command run on it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import plugins_off

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Compare = Callable[..., subprocess.CompletedProcess[str]]

LIBRARY = '''
def work(n):
    """Spend about 20 ms of CPU time for 1."""
    return sum(i * i % 7 for i in range(200_000 * n))


def other():
    return sum(i for i in range(400_000))
'''

TESTS = """
import lib

def test_work():
    assert lib.work(1) > 0

def test_other():
    assert lib.other() > 0
"""


class Project:
    """A folder under git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
            # A look at the state must not refresh the index, whose bytes are compared.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def commit(self, message: str = "x") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.commit_of("HEAD")

    def commit_of(self, name: str) -> str:
        return self.git("rev-parse", name)

    def state(self) -> tuple[str, str, str, bytes]:
        """All that a comparison must leave as it was."""
        index = (self.folder / ".git" / "index").read_bytes()
        listing = self.git("worktree", "list"), self.git("status", "--porcelain")
        return (*listing, self.git("diff"), index)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a comparison makes its own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def compare(project: Project, temporary: Path) -> Compare:
    """Run ``pytest-carbon compare`` in the project; checks that it leaves nothing behind."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        before = project.state()
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
        environ["PYTEST_ADDOPTS"] = plugins_off()
        done = subprocess.run(
            [sys.executable, "-m", "pytest_carbon.cli.main", "compare", *arguments],
            cwd=project.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert project.state() == before
        assert not list(temporary.glob("pytest-carbon-*"))
        return done

    return run
