"""At which commit a baseline was stored, as git knows it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.stored_commit import SHALLOW, stored_commits
from tests.compare.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """{
  "test": {
    "t.py::long": {
      "first": {"centre_j": 1.0, "samples": 1, "processes": 1},
      "cpu_s": 1
    },
    "t.py::short": {"first_j": 0.001}
  }
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.write({"b.json": FILE})
    return project


def test_each_baseline_has_the_commit_that_wrote_its_figures(project: Project) -> None:
    first = project.commit()
    project.write({"b.json": FILE.replace("0.001", "0.002")})
    second = project.commit()
    found = stored_commits(project.folder / "b.json", ["t.py::long", "t.py::short", "t.py::none"])
    assert found == {"t.py::long": first[:12], "t.py::short": second[:12]}


def test_what_is_not_committed_was_stored_on_top_of_head(project: Project) -> None:
    project.commit()
    project.write({"b.json": FILE.replace("1.0", "2.0")})
    assert stored_commits(project.folder / "b.json", ["t.py::long"]) == {"t.py::long": "HEAD"}


def test_a_shallow_clone_does_not_know(project: Project, tmp_path: Path) -> None:
    project.commit()
    project.write({"more.py": ""})
    project.commit()
    clone = tmp_path / "clone"
    source = f"file://{project.folder}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", source, clone], check=True)
    assert stored_commits(clone / "b.json", ["t.py::long"]) == {"t.py::long": SHALLOW}


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "b.json").write_text(FILE, encoding="utf-8")
    assert stored_commits(tmp_path / "b.json", ["t.py::long"]) == {}
    assert stored_commits(tmp_path / "none.json", ["t.py::long"]) == {}
