"""How old a baselines file is, in commits: the files themselves hold no dates."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Age", "age_of"]

_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """The last commit that changed a file: its short hash, its day, and how many came since.

    ``modified`` says that the file has changes that are in no commit.
    """

    commit: str
    date: str
    commits_since: int
    modified: bool


def _git(folder: Path, *arguments: str) -> str | None:
    """The output of git in ``folder``; ``None`` where there is no git, or no repository."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with arguments of our own
            ["git", *arguments],  # noqa: S607 - the user's git is the one on the path
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def age_of(path: Path) -> Age | None:
    """The age of a file; ``None`` where no commit has it, or git cannot tell."""
    name = f":(literal){path.name}"
    last = _git(path.parent, "log", "-1", "--format=%h %cd", "--date=short", "--", name)
    if not last:
        return None
    commit, date = last.split()
    since = _git(path.parent, "rev-list", "--count", f"{commit}..HEAD")
    status = _git(path.parent, "status", "--porcelain", "--", name)
    return Age(
        commit=commit,
        date=date,
        commits_since=int(since) if since and since.isdigit() else 0,
        modified=bool(status),
    )
