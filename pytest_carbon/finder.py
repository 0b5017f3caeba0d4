"""Finds the modules of this package, so that nobody else is asked about each of them.

Pytest's finder comes first, and looks at every name to see whether its assertions are to be
rewritten: 25 µs a module, and 0.3 s a run where it does so and cannot write bytecode. Python's own
asks for every kind of extension module before it asks for source.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["OwnModules"]

_PREFIX = f"{__package__}."


class OwnModules:
    """A finder for the source files below this package; all others are left to the next one."""

    def __init__(self) -> None:
        self._folders: dict[str, FileFinder] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where one of ours is; None for what is not ours, or is no file (as in an archive)."""
        if not name.startswith(_PREFIX):
            return None
        for folder in path or ():
            finder = self._folders.get(folder)
            if finder is None:
                finder = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))
                self._folders[folder] = finder
            found = finder.find_spec(name, target)
            # A folder without an __init__.py has no loader.
            if found is not None and found.loader is not None:
                return found
        return None

    def open(self) -> None:
        """Ask this one first."""
        sys.meta_path.insert(0, self)

    def close(self) -> None:
        """Ask it no more."""
        with suppress(ValueError):
            sys.meta_path.remove(self)
