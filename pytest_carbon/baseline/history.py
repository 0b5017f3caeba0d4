"""How old a baselines file is, in commits: the files themselves hold no dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.git import ask_git

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Age", "age_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """The last commit that changed a file: its short hash, its day, and how many came since.

    ``modified`` says that the file has changes that are in no commit.
    """

    commit: str
    date: str
    commits_since: int
    modified: bool


def age_of(path: Path) -> Age | None:
    """The age of a file; ``None`` where no commit has it, or git cannot tell."""
    name = f":(literal){path.name}"
    last = ask_git(path.parent, "log", "-1", "--format=%h %cd", "--date=short", "--", name)
    if not last:
        return None
    commit, date = last.split()
    since = ask_git(path.parent, "rev-list", "--count", f"{commit}..HEAD")
    status = ask_git(path.parent, "status", "--porcelain", "--", name)
    return Age(
        commit=commit,
        date=date,
        commits_since=int(since) if since and since.isdigit() else 0,
        modified=bool(status),
    )
