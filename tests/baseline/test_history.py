from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.history import age_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "GIT_COMMITTER_DATE": "2024-05-06T12:00:00+0000",
    }.items():
        monkeypatch.setenv(name, value)
    git(tmp_path, "init", "--quiet")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "--", f":(literal){name}")
    git(folder, "commit", "--quiet", "-m", name)


def test_a_file_is_as_old_as_the_commits_since_its_last_change(repository: Path) -> None:
    commit(repository, "[x].json", "1")
    commit(repository, "x.json", "1")
    commit(repository, "y.json", "1")
    age = age_of(repository / "[x].json")
    assert age is not None
    assert (age.date, age.commits_since, age.modified) == ("2024-05-06", 2, False)


def test_changes_that_are_in_no_commit_are_told(repository: Path) -> None:
    commit(repository, "x.json", "1")
    (repository / "x.json").write_text("2", encoding="utf-8")
    age = age_of(repository / "x.json")
    assert age is not None
    assert age.modified


def test_what_no_commit_has_is_of_no_age(repository: Path) -> None:
    assert age_of(repository / "x.json") is None
    assert age_of(repository / "nowhere" / "x.json") is None
