"""What ``pytest-carbon compare`` refuses, each with its remedy and exit status."""

from __future__ import annotations

import functools
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.cli.main import main
from pytest_carbon.gate.pairs.suspects import PairedPolicy
from tests.compare.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path

# The command starts pytest or git itself.
pytestmark = pytest.mark.starts


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path / "project")
    project.write({"test_nothing.py": "def test_nothing():\n    pass\n"})
    project.commit()
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return project


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 4) -> str:
    assert main(["compare", *arguments]) == status
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "compare needs one BASE: name a revision"),
        (["HEAD", "HEAD", "--merge-base", "main"], "compare needs one BASE"),
        (["nowhere"], "there is no revision 'nowhere' here: 'git branch --all'"),
        (["HEAD", "nowhere"], "there is no revision 'nowhere' here"),
        (["a" * 3000], "aaa' here: 'git branch --all'"),
        (["--merge-base", "nowhere"], "there is no revision 'nowhere' here"),
        (["HEAD", "test_nothing.py"], "pytest's arguments go behind --, like -- test_nothing.py"),
        (["HEAD", "--tolerance", "much"], "--tolerance=much"),
        (["HEAD", "--max-pairs", "5"], "--max-pairs=5 is too few to decide anything: 10 at least"),
        (["HEAD", "--max-pairs", "many"], "--max-pairs=many is not a whole number"),
        (["HEAD", "--json", "no/such/folder/x.json"], "cannot be written: name a file in an"),
        (["HEAD", "--html", "a" * 300], "cannot be written: name a file in an existing folder"),
        (["HEAD", "--max-pairs", "9" * 5000], "is more than anybody needs: write it like 10"),
        (["HEAD", "--json", "-", "--markdown", "-"], "--json and --markdown both name -"),
        (
            ["HEAD", "--", "--carbon-tolerance=1%"],
            "compare does not use --carbon-tolerance=1%: give --tolerance to compare itself",
        ),
        (
            ["HEAD", "--", "-q", "--carbon-update"],
            "compare does not use --carbon-update: leave it out, as compare has no stored",
        ),
        (["HEAD", "HEAD", "--aa"], "--aa compares one revision with itself"),
    ],
)
@pytest.mark.usefixtures("project")
def test_bad_usage_is_refused_with_its_remedy(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refusal(capsys, *arguments)


def test_a_folder_without_git_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "is in no git working tree: run compare inside" in refusal(capsys, "HEAD")


def test_a_shallow_clone_without_the_base_is_told_how_to_fetch_it(
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = project.commit_of("HEAD")
    project.write({"more.py": ""})
    project.commit()
    clone = tmp_path / "clone"
    source = f"file://{project.folder}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", source, clone], check=True)
    monkeypatch.chdir(clone)
    message = refusal(capsys, old)
    assert "this clone is shallow" in message
    assert "fetch-depth: 0" in message
    assert f"git fetch --depth=1 origin {old}" in message


def test_a_branch_of_a_remote_is_told_how_to_be_fetched(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.git("remote", "add", "origin", "https://example.invalid/x")
    assert "'git fetch origin topic'" in refusal(capsys, "origin/topic")


def test_tests_that_do_not_collect_on_one_side_leave_nothing_to_compare(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write({"test_nothing.py": "import nothing_like_this\n"})
    message = refusal(capsys, "HEAD", status=5)
    assert "the tests of head, the working tree" in message
    assert "No module named 'nothing_like_this'" in message
    assert "--setup 'pip install -e .'" in message


def test_no_test_in_common_is_an_own_exit_status(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write({"test_nothing.py": "def test_other():\n    pass\n"})
    assert "base and head have no test in common (1 and 1 collected)" in refusal(
        capsys, "HEAD", status=5
    )


def test_a_setup_that_fails_shows_its_output(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before = project.state()
    message = refusal(capsys, "HEAD", "--setup", "echo so it goes; exit 7")
    assert "--setup failed for base, HEAD" in message
    assert "exit 7" in message
    assert "so it goes" in message
    assert project.state() == before


def test_a_folder_that_only_one_side_has_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write({"new/test_new.py": "def test_new():\n    pass\n"})
    monkeypatch.chdir(project.folder / "new")
    assert "has no folder new, where compare was started" in refusal(capsys, "HEAD")


def test_tests_too_short_to_gate_are_said_to_be_so(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine even an empty test takes more than the real floor now and then.
    monkeypatch.setattr(
        "pytest_carbon.compare.run.PairedPolicy", functools.partial(PairedPolicy, floor_j=10.0)
    )
    assert main(["compare", "HEAD", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [t["verdict"]["outcome"] for t in found["tests"]] == ["too small to gate"]
    assert found["suspects"] == 0
    assert project.git("worktree", "list").count("\n") == 0
