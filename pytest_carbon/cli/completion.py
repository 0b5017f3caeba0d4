"""Completion of commands, options and values in a shell, by argcomplete where it is installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

__all__ = ["complete", "kinds", "offer", "revisions"]


def offer(action: argparse.Action, completer: Any) -> None:
    """Let ``completer`` say which values an argument can have."""
    # The attribute by which argcomplete asks; argparse leaves it alone.
    action.completer = completer  # type: ignore[attr-defined]


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and end; else do nothing."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    try:
        import argcomplete
    except ModuleNotFoundError:
        return
    argcomplete.autocomplete(parser)


def revisions(prefix: str = "", **_: Any) -> list[str]:
    """Branches, tags and remote branches of the repository."""
    from pytest_carbon.git import ask_git

    names = ask_git(Path.cwd(), "for-each-ref", "--format=%(refname:short)")
    return [name for name in (names or "").splitlines() if name.startswith(prefix)]


def kinds(prefix: str = "", **_: Any) -> list[str]:
    """Kinds of reports, up to the colon before the file."""
    from pytest_carbon.report.kinds import KINDS

    return [f"{name}:" for name in KINDS if f"{name}:".startswith(prefix)]
