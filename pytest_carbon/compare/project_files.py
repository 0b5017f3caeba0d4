"""In a side's process: which source files are the project's own."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from pytest_carbon.compare.imports import is_inside

__all__ = ["ProjectFiles"]

_INSTALLED = {"site-packages", "dist-packages"}


class ProjectFiles:
    """The files of a side, checked out in ``side``, with its own environment ``env`` if it has one.

    A project that was built and installed into that environment runs from there: its files there
    stand for the sources that they were made of.
    """

    def __init__(self, side: str, env: str | None, cwd: str) -> None:
        self._side = os.path.realpath(side)
        self._env = None if env is None else os.path.realpath(env)
        self._sources = (Path(cwd, "src"), Path(cwd))
        self._known: dict[str, str | None] = {}

    def path_of(self, file: str) -> str | None:
        """The path of a source file within the project, with slashes; ``None`` for others."""
        if file not in self._known:
            self._known[file] = self._find(file)
        return self._known[file]

    def _find(self, file: str) -> str | None:
        if file.startswith("<") or not os.path.isabs(file):  # noqa: PTH117 - a code's file name
            return None
        if is_inside(file, self._side):
            return _within(os.path.realpath(file), self._side)
        real = os.path.realpath(file)
        if self._env is None or not real.startswith(self._env + os.sep):
            return None
        parts = PurePath(real).parts
        at = max((at for at, part in enumerate(parts) if part in _INSTALLED), default=None)
        if at is None:
            return None
        for folder in self._sources:
            source = folder.joinpath(*parts[at + 1 :])
            if source.is_file():
                return _within(os.path.realpath(source), self._side)
        return None


def _within(path: str, folder: str) -> str:
    return PurePath(os.path.relpath(path, folder)).as_posix()
