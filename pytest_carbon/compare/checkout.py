"""A revision's files in a folder of their own: a git worktree, removed at the end."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from psutil import pid_exists

from pytest_carbon.errors import CompareError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.compare.repository import Repository, Revision, Submodule

__all__ = ["checked_out", "remove_stale", "temporary_folder"]

_PREFIX = "pytest-carbon-compare-"
_OURS = re.compile(rf"/{_PREFIX}(\d+)-[^/]*/")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for one comparison; its name tells a later run whether we still live."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale(repository: Repository) -> None:
    """Remove what a comparison left that was killed without a chance to clean up."""
    listing = repository.git("worktree", "list", "--porcelain", "-z")
    for line in listing.split(b"\0"):
        path = os.fsdecode(line).removeprefix("worktree ")
        match = _OURS.search(path)
        if line.startswith(b"worktree ") and match and not pid_exists(int(match[1])):
            _remove(repository, Path(path))
            shutil.rmtree(path[: match.end()], ignore_errors=True)


@contextlib.contextmanager
def checked_out(
    repository: Repository, revision: Revision, parent: Path
) -> Iterator[tuple[Path, list[str]]]:
    """The folder with the revision's files, and notes on what the reader has to know of it.

    It is named like the user's own, as some projects import themselves by that name. Raises
    ``CompareError`` where git cannot make it.
    """
    parent.mkdir()
    folder = parent / repository.top.name
    try:
        # The project's hooks are for the user's own checkouts.
        repository.git(
            "-c", f"core.hooksPath={os.devnull}",
            "worktree", "add", "--quiet", "--detach", str(folder), revision.commit,
        )  # fmt: skip
        notes = []
        for submodule in repository.submodules(revision.commit):
            notes += _fill_submodule(repository, revision, submodule, folder)
        if revision.with_changes:
            _copy_changes(repository, folder)
        yield folder, notes
    finally:
        _remove(repository, folder)


def _remove(repository: Repository, folder: Path) -> None:
    with contextlib.suppress(CompareError):
        # Twice --force, as an interrupted 'worktree add' leaves it locked.
        repository.git("worktree", "remove", "--force", "--force", str(folder))
    shutil.rmtree(folder, ignore_errors=True)


def _copy_changes(repository: Repository, folder: Path) -> None:
    for name in repository.changed_files():
        _copy(repository.top / name, folder / name)


def _copy(source: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        if source.is_dir():
            return  # a submodule, filled already
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if source.is_dir() and not source.is_symlink():
        # git lists a folder where another repository is inside of it.
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    elif os.path.lexists(source):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def _fill_submodule(
    repository: Repository, revision: Revision, submodule: Submodule, folder: Path
) -> list[str]:
    """Bring a submodule's files from the user's checkout of it; returns notes."""
    theirs = repository.top / submodule.path
    target = folder / submodule.path
    if not (theirs / ".git").exists():
        absent = f"the submodule {submodule.path} is not checked out: both sides run without it"
        return [f"{absent} ('git submodule update --init' brings it)"]
    if revision.with_changes:
        here = repository.git("rev-parse", "HEAD", folder=theirs).decode().strip()
        dirty = repository.git("status", "--porcelain", folder=theirs)
        shutil.copytree(
            theirs,
            target,
            symlinks=True,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(".git"),
        )
        if dirty or here != submodule.commit:
            changed = f"the submodule {submodule.path} has uncommitted changes"
            return [f"{changed}: {revision.name} takes its files as they are"]
        return []
    try:
        archive = repository.git("archive", "--format=tar", submodule.commit, folder=theirs)
    except CompareError:
        raise CompareError(
            f"{revision.label} asks for {submodule.commit[:7]} of the submodule "
            f"{submodule.path}, which is not here",
            remedy=f"fetch it with 'git -C {submodule.path} fetch origin {submodule.commit}'",
        ) from None
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        # git made it from the user's repository; older Pythons know no filters.
        tar.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
        tar.extractall(target)  # noqa: S202
    return []
