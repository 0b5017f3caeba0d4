"""A revision's files in a folder of their own, and the user's left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_carbon.compare.checkout import checked_out, remove_stale, temporary_folder
from pytest_carbon.compare.repository import Repository, git_environment
from pytest_carbon.errors import CompareError
from tests.compare.conftest import Project


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {
        ".git"
    }


@pytest.fixture
def changed(project: Project) -> Project:
    """A project with a change of every kind on top of its commit."""
    project.write({"kept.py": "1", "changed.py": "1", "deleted.py": "1", "staged.py": "1"})
    project.write({".gitignore": "ignored.py\n"})
    (project.folder / "link").symlink_to("kept.py")
    project.commit()
    project.write({"changed.py": "2", "staged.py": "2", "untracked/new.py": "1", "ignored.py": "1"})
    project.git("add", "staged.py")
    (project.folder / "deleted.py").unlink()
    return project


def test_the_working_tree_comes_with_its_uncommitted_changes(
    changed: Project, temporary: Path
) -> None:
    before = changed.state()
    repository = Repository.around(changed.folder)
    revision = repository.working_tree()
    with checked_out(repository, revision, temporary / "head") as (folder, notes):
        assert names(folder) == {
            *{".gitignore", "link", "kept.py", "changed.py", "staged.py"},
            str(Path("untracked") / "new.py"),
        }
        assert (folder / "changed.py").read_text() == (folder / "staged.py").read_text() == "2"
        assert (folder / "link").readlink().name == "kept.py"
        assert folder.name == changed.folder.name
        assert notes == []
    assert not folder.exists()
    assert changed.state() == before
    assert revision.label.startswith("the working tree (")
    assert revision.label.endswith(" and changes)")


def test_a_commit_comes_without_them(changed: Project, temporary: Path) -> None:
    repository = Repository.around(changed.folder)
    with checked_out(repository, repository.resolve("HEAD"), temporary / "base") as (folder, _):
        assert names(folder) == {
            *{".gitignore", "link", "kept.py", "changed.py", "staged.py", "deleted.py"}
        }
        assert (folder / "changed.py").read_text() == "1"


def test_an_error_inside_removes_it_too(changed: Project, temporary: Path) -> None:
    repository = Repository.around(changed.folder)
    before = changed.state()
    with (
        pytest.raises(KeyboardInterrupt),
        checked_out(repository, repository.resolve("HEAD"), temporary / "base"),
    ):
        raise KeyboardInterrupt
    assert changed.state() == before


def test_hooks_of_the_project_are_not_run(changed: Project, temporary: Path) -> None:
    hook = changed.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {temporary}/ran\n", encoding="utf-8")
    hook.chmod(0o755)
    repository = Repository.around(changed.folder)
    with checked_out(repository, repository.resolve("HEAD"), temporary / "base"):
        assert not (temporary / "ran").exists()


def test_a_living_comparison_is_no_leftover(changed: Project, temporary: Path) -> None:
    repository = Repository.around(changed.folder)
    head = repository.resolve("HEAD")
    with temporary_folder() as own, checked_out(repository, head, own / "base") as (folder, _):
        remove_stale(repository)
        assert folder.exists()
    assert list(temporary.iterdir()) == []


def with_submodule(project: Project, other: Project) -> None:
    other.write({"part.py": "1"})
    other.commit()
    allowed = ("-c", "protocol.file.allow=always")
    project.git(*allowed, "submodule", "--quiet", "add", str(other.folder), "part")
    project.commit()


def test_a_submodule_comes_as_the_commit_asks_for_it(
    project: Project, tmp_path: Path, temporary: Path
) -> None:
    with_submodule(project, Project(tmp_path / "other"))
    (project.folder / "part" / "part.py").write_text("2", encoding="utf-8")
    repository = Repository.around(project.folder)
    with checked_out(repository, repository.resolve("HEAD"), temporary / "base") as (folder, notes):
        assert (folder / "part" / "part.py").read_text() == "1"
        assert notes == []


def test_a_dirty_submodule_is_taken_as_it_is_and_told(
    project: Project, tmp_path: Path, temporary: Path
) -> None:
    with_submodule(project, Project(tmp_path / "other"))
    (project.folder / "part" / "part.py").write_text("2", encoding="utf-8")
    repository = Repository.around(project.folder)
    with checked_out(repository, repository.working_tree(), temporary / "head") as (folder, notes):
        assert (folder / "part" / "part.py").read_text() == "2"
        [note] = notes
        assert note.startswith("the submodule part has uncommitted changes: the working tree takes")


def test_a_submodule_commit_that_is_not_here_says_what_to_fetch(
    project: Project, tmp_path: Path, temporary: Path
) -> None:
    with_submodule(project, Project(tmp_path / "other"))
    missing = "0123456789012345678901234567890123456789"
    project.git("update-index", "--cacheinfo", f"160000,{missing},part")
    project.git("commit", "--quiet", "--message", "x")
    repository = Repository.around(project.folder)
    with (
        pytest.raises(CompareError, match=rf"'git -C part fetch origin {missing}'"),
        checked_out(repository, repository.resolve("HEAD"), temporary / "base"),
    ):
        pass


def test_what_a_hook_exports_does_not_lead_git_astray() -> None:
    kept = git_environment({"GIT_DIR": "x", "GIT_INDEX_FILE": "y", "PATH": "z"})
    assert kept == {"PATH": "z", "GIT_OPTIONAL_LOCKS": "0"}
