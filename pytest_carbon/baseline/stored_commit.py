"""The commit at which a baseline was stored, for comparing against the code of that time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.baseline.nodeid import key_from_id
from pytest_carbon.git import ask_git

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["SHALLOW", "stored_commits"]

SHALLOW = "shallow"
"""Stands for a commit that a shallow clone does not have."""

_NOT_COMMITTED = "0" * 40
_SHOWN_DIGITS = 12


def stored_commits(file: Path, tests: Iterable[str]) -> dict[str, str]:
    """The commit that last wrote each test's figures in a baselines file.

    ``HEAD`` where they are not committed yet, ``SHALLOW`` where the clone ends before they were.
    Tests without figures are left out, and all where git knows nothing of the file.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    is_shallow = ask_git(file.parent, "rev-parse", "--is-shallow-repository") == "true"
    found = {}
    for test in tests:
        key = f"    {key_from_id(test)}: {{"
        at = next((at for at, line in enumerate(lines) if line.startswith(key)), None)
        if at is None:
            continue
        # The figures of a long entry stand below its name.
        line = at + 1 if lines[at].rstrip(",").endswith("}") else at + 2
        told = ask_git(file.parent, "blame", "--porcelain", "-L", f"{line},{line}", "--", file.name)
        if not told:
            continue
        commit = told.split(maxsplit=1)[0]
        if commit == _NOT_COMMITTED:
            found[test] = "HEAD"
        elif is_shallow and "\nboundary\n" in told:
            found[test] = SHALLOW
        else:
            found[test] = commit[:_SHOWN_DIGITS]
    return found
