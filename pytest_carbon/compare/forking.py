"""Forking the session of a side, which has collected and run nothing; never the user's own."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.session.pytest_private import (
    captured_anew,
    choose_basetemp,
    may_choose_basetemp,
)

if TYPE_CHECKING:
    import pytest

__all__ = ["can_fork", "detach_from_terminal", "fork", "freeze", "own_basetemp"]


def can_fork() -> bool:
    """Whether processes can be forked here.

    macOS has fork, but its system libraries do not survive it.
    """
    return sys.platform == "linux" and hasattr(os, "fork")


def freeze() -> None:
    """Hide all objects that there are now from the collector, in processes forked later, too.

    For good: pytest collects all garbage as its session ends, which would go through all of them.
    Does nothing on interpreters that cannot.
    """
    if hasattr(gc, "freeze"):
        gc.collect()
        gc.freeze()


def fork() -> int:
    """Fork, whatever Python thinks of threads."""
    with warnings.catch_warnings():
        # Python 3.12 warns of threads; a session with more than one is not forked.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()  # type: ignore[attr-defined, no-any-return, unused-ignore]


def own_basetemp(config: pytest.Config, parent: Path | None = None) -> str:
    """Keep a forked process's temporary folders out of those that pytest counts and keeps.

    They are made below ``parent``, or where the system has such. Returns the folder to remove,
    empty where pytest has one already.
    """
    if not may_choose_basetemp(config):
        return ""
    folder = tempfile.mkdtemp(prefix="pytest-carbon-", dir=parent)
    choose_basetemp(config, Path(folder) / "basetemp")
    return folder


def detach_from_terminal(config: pytest.Config) -> None:
    """Let nothing that is printed here reach the user, nor the run's captured output."""
    if config.pluginmanager.hasplugin("pdbinvoke"):
        config.pluginmanager.unregister(name="pdbinvoke")
    with captured_anew(config):
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
