"""What a comparison asks of git: revisions, merge bases, changed files, submodules."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.errors import CompareError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Repository", "Revision", "Submodule", "git_environment"]

# What a hook's git exports, and what would lead another git to the user's index and files.
_LEADS_ASTRAY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")

_GITLINK = "160000"


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, and the name by which the user asked for it.

    ``with_changes`` takes the working tree's uncommitted changes on top of it.
    """

    name: str
    commit: str
    with_changes: bool = False

    @property
    def label(self) -> str:
        """The name for people: ``main (1a2b3c4)``, ``the working tree (1a2b3c4 and changes)``."""
        short = self.commit[:7]
        if self.with_changes:
            return f"{self.name} ({short} and changes)"
        return short if self.commit.startswith(self.name) else f"{self.name} ({short})"


@dataclass(frozen=True, slots=True)
class Submodule:
    """Where a submodule is, and the commit that the project asks for."""

    path: str
    commit: str


def git_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` for programs that have to find the repository by where they run."""
    kept = {name: value for name, value in environ.items() if name not in _LEADS_ASTRAY}
    # Else even a look at the state of the tree rewrites the user's index.
    kept["GIT_OPTIONAL_LOCKS"] = "0"
    return kept


class Repository:
    """The user's repository; nothing here writes to its working tree or index."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that ``folder`` is in; raises ``CompareError`` where there is none."""
        try:
            done = _run(folder, "rev-parse", "--show-toplevel")
        except FileNotFoundError:
            raise CompareError("git is not installed", remedy="install git") from None
        top = done.stdout.decode().rstrip("\n")
        if done.returncode or not top:
            raise CompareError(
                f"{folder} is in no git working tree",
                remedy="run compare inside the checkout of the project, or 'git init' and commit",
            )
        return cls(Path(top))

    def git(self, *arguments: str, folder: Path | None = None) -> bytes:
        """What git answers; raises ``CompareError`` with git's own words."""
        done = _run(folder or self.top, *arguments)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip() or f"exit {done.returncode}"
            raise CompareError(f"'git {' '.join(arguments)}' failed: {words}", remedy="")
        return done.stdout

    def resolve(self, name: str) -> Revision:
        """The commit that ``name`` means; raises ``CompareError`` with what to type instead."""
        query = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        done = _run(self.top, *query)
        if done.returncode:
            raise CompareError(f"there is no revision {name!r} here", remedy=self._fetch(name))
        return Revision(name, done.stdout.decode().strip())

    def working_tree(self) -> Revision:
        """The working tree: the checked-out commit with whatever is changed on top of it."""
        commit = self.resolve("HEAD").commit
        changed = bool(self.changed_files())
        return Revision("the working tree", commit, with_changes=changed)

    def merge_base(self, name: str, head: Revision) -> Revision:
        """Where ``head`` left ``name``; raises ``CompareError`` where they share nothing here."""
        other = self.resolve(name)
        done = _run(self.top, "merge-base", other.commit, head.commit)
        if done.returncode:
            raise CompareError(
                f"{name} and {head.label} have no common commit here", remedy=self._fetch(name)
            )
        return Revision(f"merge base with {name}", done.stdout.decode().strip())

    def changed_files(self) -> list[str]:
        """The paths that differ from the checked-out commit, untracked ones included."""
        tracked = self.git("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", "HEAD")
        untracked = self.git("ls-files", "-z", "--others", "--exclude-standard")
        return _paths(tracked) + _paths(untracked)

    def submodules(self, commit: str) -> list[Submodule]:
        """The submodules that ``commit`` asks for."""
        found = []
        for line in _paths(self.git("ls-tree", "-r", "-z", "--full-tree", commit)):
            facts, _, path = line.partition("\t")
            mode, _, sha = facts.split()
            if mode == _GITLINK:
                found.append(Submodule(path, sha))
        return found

    def _fetch(self, name: str) -> str:
        if os.path.exists(name):  # noqa: PTH110 - for a name that can be none, no error
            return f"pytest's arguments go behind --, like -- {name}"
        shallow = _run(self.top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        if shallow:
            return (
                "this clone is shallow: 'git fetch --unshallow' fetches the rest (in GitHub "
                "Actions: actions/checkout with fetch-depth: 0), or fetch that one commit with "
                f"'git fetch --depth=1 origin {name.removeprefix('origin/')}' and compare "
                "with FETCH_HEAD"
            )
        remote, slash, branch = name.partition("/")
        if slash and remote in self.git("remote").decode().split():
            return f"fetch it with 'git fetch {remote} {branch}'"
        return "'git branch --all' and 'git tag' list what there is; 'git fetch' gets more"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - a fixed program with arguments of our own
        ["git", *arguments],  # noqa: S607 - the user's git
        cwd=folder,
        env=git_environment(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def _paths(output: bytes) -> list[str]:
    return [os.fsdecode(part) for part in output.split(b"\0") if part]
