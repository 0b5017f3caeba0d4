"""Where a run comes from: commit, branch, versions and machine; asked for by reports only."""

from __future__ import annotations

import os
import platform
import re
import uuid
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING

from pytest_carbon.git import ask_git
from pytest_carbon.result.facts import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["find_origin", "web_address"]

BRANCH_VARIABLES = (
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_REF_NAME",
)
"""Where CI systems name the branch, since they check out a bare commit; the first one counts."""

COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA")
"""Where CI systems name the commit, for a run outside of its clone."""


_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]*@)?([^/:@]+)(?::\d+)?/|(?:[^/@:]+@)([^/:@]+):)(.+)"
)
"""A remote of git: a URL with whatever credentials, or ``user@host:path``."""


def find_origin(
    root: Path, *, environ: Mapping[str, str] | None = None, started_s: float | None = None
) -> Origin:
    """The origin of a run of the project in ``root``; ``started_s`` is seconds since 1970."""
    environ = os.environ if environ is None else environ
    now = datetime.now(timezone.utc)
    started = now if started_s is None else datetime.fromtimestamp(started_s, timezone.utc)
    commit, branch, modified = _git(root)
    return Origin(
        run_id=str(uuid.uuid4()),
        started_at=started.isoformat(timespec="seconds"),
        project=root.name or "project",
        commit=commit or _first(environ, COMMIT_VARIABLES),
        branch=branch or _first(environ, BRANCH_VARIABLES),
        modified=modified,
        versions={
            "python": platform.python_version(),
            "pytest": version("pytest"),
            "pytest-carbon": version("pytest-carbon"),
        },
        platform=platform.platform(),
        memory_bytes=_memory_bytes(),
        repository=_repository(root, environ),
        folder=(ask_git(root, "rev-parse", "--show-prefix") or "") if commit else "",
    )


def _repository(root: Path, environ: Mapping[str, str]) -> str:
    """Where the project's repository is on the web; empty where that is not known."""
    server, name = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    if server and name:
        return f"{server}/{name}"
    if environ.get("CI_PROJECT_URL"):
        return environ["CI_PROJECT_URL"]
    return web_address(ask_git(root, "remote", "get-url", "origin") or "")


def web_address(remote: str) -> str:
    """The web page of a remote, without its credentials; empty for a folder of this machine."""
    match = _REMOTE.fullmatch(remote.strip())
    if match is None:
        return ""
    path = match[3].strip("/").removesuffix(".git")
    return f"https://{match[1] or match[2]}/{path}"


def _memory_bytes() -> int | None:
    import psutil

    try:
        return int(psutil.virtual_memory().total)
    except (OSError, psutil.Error):
        return None  # no /proc, as in a bare chroot


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _git(root: Path) -> tuple[str, str, bool | None]:
    """Commit, branch and whether tracked files are modified; empty and ``None`` without git."""
    status = ask_git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if status is None:
        return "", "", None
    commit = branch = ""
    modified = False
    for line in status.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
        elif not line.startswith("#"):
            modified = True
    return (
        "" if commit == "(initial)" else commit,
        "" if branch == "(detached)" else branch,
        modified,
    )
