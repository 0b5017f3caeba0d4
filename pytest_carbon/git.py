"""Questions to git, for what is nice to know and never needed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ask_git"]

_TIMEOUT_S = 20


def ask_git(folder: Path, *arguments: str) -> str | None:
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
