"""Baselines that two branches changed, merged by a real git with and without the driver."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

import pytest_carbon
from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import read_baselines
from pytest_carbon.measurement import Kind, Subject
from tests.baseline_files import HEADER

if TYPE_CHECKING:
    from pytest_carbon.baseline.file import BaselineFile

# The command starts pytest or git itself.
pytestmark = pytest.mark.starts

Centres: TypeAlias = dict[str, float | None]

NAMES = ("create", "delete", "list", "update")
BASE_J: Centres = {f"tests/test_{m}.py::test_{n}": 1.0 for m in ("api", "db", "web") for n in NAMES}

DRIVER = """
import argparse, sys
from pytest_carbon.cli import merge_driver
parser = argparse.ArgumentParser()
merge_driver.add_parser(parser.add_subparsers())
sys.exit(merge_driver.run(parser.parse_args(["merge-driver", *sys.argv[1:]])))
"""

SCENARIOS: dict[str, tuple[Centres, Centres, Centres]] = {
    "tests added to different modules": (
        {"tests/test_api.py::test_search": 1.0},
        {"tests/test_web.py::test_login": 1.0},
        {},
    ),
    "tests added to the same module": (
        {"tests/test_db.py::test_commit": 1.0},
        {"tests/test_db.py::test_rollback": 1.0},
        {},
    ),
    "different tests refreshed": (
        {"tests/test_db.py::test_create": 2.0},
        {"tests/test_db.py::test_delete": 0.5},
        {},
    ),
    "a test removed beside one refreshed": (
        {"tests/test_db.py::test_create": None},
        {"tests/test_db.py::test_delete": 0.5},
        {},
    ),
    "everything refreshed on both sides": (
        dict.fromkeys(BASE_J, 3.0),
        dict.fromkeys(BASE_J, 2.0),
        dict.fromkeys(BASE_J, 2.0),
    ),
}


def file(centres_j: Centres) -> BaselineFile:
    entries = {}
    for name, centre_j in centres_j.items():
        if centre_j is not None:
            first = Spread(centre_j=centre_j, sd_log=0.05, samples=8, processes=8)
            entries[Subject(Kind.TEST, name)] = Entry(
                first=first,
                raw=first._replace(sd_log=0.2),
                cpu_s=centre_j / 4,
                wall_s=centre_j / 4,
                sensitivity=0.9,
                anchor_j=centre_j,
            )
    return HEADER.with_entries(entries)


class Repository:
    """A clone with one baselines file, and a branch for each side."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "baselines.json"
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments], cwd=self.root, check=check, capture_output=True, text=True
        )

    def commit(self, text: str | None) -> None:
        if text is not None:
            self.path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "baselines")

    def install_driver(self) -> None:
        script = self.root / ".git" / "driver.py"
        script.write_text(DRIVER, encoding="utf-8")
        command = f'"{sys.executable}" "{script}" %O %A %B %P'
        self.git("config", "merge.pytest-carbon.driver", command)
        attributes = self.root / ".git" / "info" / "attributes"
        attributes.parent.mkdir(exist_ok=True)
        attributes.write_text("*.json merge=pytest-carbon\n", encoding="utf-8")

    def merge(self, base: str | None, ours: str, theirs: str) -> subprocess.CompletedProcess[str]:
        self.commit(base)
        self.git("checkout", "--quiet", "-b", "theirs")
        self.commit(theirs)
        self.git("checkout", "--quiet", "main")
        self.commit(ours)
        return self.git("merge", "theirs", "-m", "merge", check=False)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
        "PYTHONPATH": str(Path(pytest_carbon.__file__).parents[1]),
    }.items():
        monkeypatch.setenv(name, value)
    return Repository(tmp_path)


def merge_scenario(repository: Repository, name: str) -> tuple[int, str]:
    ours, theirs, _ = SCENARIOS[name]
    texts = (render(file({**BASE_J, **changes})) for changes in ({}, ours, theirs))
    done = repository.merge(*texts)
    return done.returncode, repository.path.read_text(encoding="utf-8")


def expected(name: str) -> BaselineFile:
    ours, theirs, both = SCENARIOS[name]
    return file({**BASE_J, **ours, **theirs, **both})


@pytest.mark.parametrize("name", list(SCENARIOS)[:4])
def test_git_alone_merges_all_but_what_both_sides_rewrote(
    repository: Repository, name: str
) -> None:
    code, text = merge_scenario(repository, name)
    assert code == 0
    assert read_baselines(text.encode(), "x") == expected(name)


def test_git_alone_has_a_conflict_where_everything_was_refreshed_on_both_sides(
    repository: Repository,
) -> None:
    code, text = merge_scenario(repository, "everything refreshed on both sides")
    assert code == 1
    assert "<<<<<<<" in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_the_driver_no_conflict_is_left(repository: Repository, name: str) -> None:
    repository.install_driver()
    code, text = merge_scenario(repository, name)
    assert code == 0
    assert text == render(expected(name))


def test_tests_added_at_the_same_place_need_the_driver(repository: Repository) -> None:
    repository.install_driver()
    sides = [
        {**BASE_J, "tests/test_zoo.py::test_a": 1.0},
        {**BASE_J, "tests/test_zoo.py::test_b": 1.0},
    ]
    done = repository.merge(*(render(file(side)) for side in (BASE_J, *sides)))
    assert done.returncode == 0
    merged = read_baselines(repository.path.read_bytes(), "x")
    assert merged == file({**sides[0], **sides[1]})


def test_a_file_that_both_sides_began_is_merged(repository: Repository) -> None:
    repository.install_driver()
    done = repository.merge(None, render(file({"a": 1.0})), render(file({"b": 1.0})))
    assert done.returncode == 0
    assert read_baselines(repository.path.read_bytes(), "x") == file({"a": 1.0, "b": 1.0})


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (
            render(file({"a": 2.0})._replace(environment=HEADER.environment._replace(os="darwin"))),
            "the two sides' environments differ (os)",
        ),
        ('{"schema": 1\n', "their side, line 2, column 1: is not JSON"),
        ("", "one side is empty"),
    ],
)
def test_what_a_person_has_to_decide_is_left_as_an_ordinary_conflict(
    repository: Repository, theirs: str, message: str
) -> None:
    repository.install_driver()
    done = repository.merge(render(file({"a": 1.0})), render(file({"a": 3.0})), theirs)
    assert done.returncode == 1
    assert f"pytest-carbon: baselines.json: {message}" in done.stderr
    text = repository.path.read_text(encoding="utf-8")
    assert "<<<<<<< ours" in text
    assert ">>>>>>> theirs" in text
    assert "UU baselines.json" in repository.git("status", "--porcelain").stdout
