"""The sessions of both sides: one that has collected all, and new ones for a few tests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import Processes
from pytest_carbon.measurement import file_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.compare.side import Hello, Session, Side

__all__ = ["Generations"]


class Generations:
    """Hands out sessions to take processes from.

    Forked processes share the layout of memory of the session that they come from, which alone
    can make a test costlier: ``renew`` has later ones come from other sessions. These collect only
    the files that are asked for; what collected everything is kept for whatever needs it again.
    Where a side cannot fork, each call starts anew.
    """

    def __init__(self, sides: Sequence[Side], dice: random.Random | None = None) -> None:
        self._sides = sides
        self._dice = dice or random.Random()  # noqa: S311 - orders of runs, no secrets
        self._batches = 0
        self._complete: list[Session] = []
        self._partial: list[Session] = []
        self._files: frozenset[str] = frozenset()
        self._is_renewed = False
        self._first: list[Hello] = []

    def hellos(self) -> list[Hello]:
        """What both sides said after their first collection."""
        if not self._first:
            self._first = [session.hello() for session in self.sessions()]
        return self._first

    def sessions(self, tests: Iterable[str] | None = None) -> list[Session]:
        """A session of each side that can give a process that has run nothing.

        The process will be asked for ``tests``, or for any.
        """
        files = None if tests is None else frozenset(map(file_of, tests))
        can_reuse = not self._is_renewed and _are_fresh(self._complete)
        if files is None or can_reuse:
            if not _are_fresh(self._complete):
                _end(self._complete)
                self._complete = self._start(None)
            return self._complete
        if not (files <= self._files and _are_fresh(self._partial)):
            _end(self._partial)
            self._partial, self._files = self._start(files), files
        return self._partial

    def _start(self, files: frozenset[str] | None) -> list[Session]:
        """New sessions of both sides, once they have collected."""
        started = [side.start(files) for side in self._sides]
        try:
            for session in started:
                session.hello()
        except BaseException:
            _end(started)
            raise
        return started

    def processes(self, tests: Iterable[str] | None = None) -> Processes:
        """A new process of each side for ``tests``, or for all; raises ``SideLostError``."""
        self._batches += 1
        return Processes(self.sessions(tests), self._dice, self._batches)

    def notes(self) -> list[str]:
        """What differs between the sides beside the project itself."""
        base, head = self.hellos()
        notes = [
            f"base runs {what} {mine}, head {theirs}"
            for what, mine, theirs in (
                ("Python", base.python, head.python),
                ("pytest", base.pytest, head.pytest),
                ("pytest-carbon", base.carbon, head.carbon),
            )
            if mine != theirs
        ]
        if not (base.forks and head.forks):
            threads = sorted({*base.threads, *head.threads})
            why = f"; a plugin or a test file has started {', '.join(threads)}" if threads else ""
            notes.append(f"fresh processes are started anew, not forked, which takes longer{why}")
        return notes

    def renew(self) -> None:
        """Have the next processes for some tests come from other sessions than the last."""
        self._is_renewed = True
        _end(self._partial)

    def reuse(self) -> None:
        """Have the next processes come from the session that has collected all, if it can."""
        self._is_renewed = False
        _end(self._partial)

    def close(self) -> None:
        """End all sessions; the next are new ones. May be called twice."""
        self.reuse()
        _end(self._complete)


def _are_fresh(sessions: Sequence[Session]) -> bool:
    return bool(sessions) and all(session.is_fresh for session in sessions)


def _end(sessions: list[Session]) -> None:
    """End sessions; all at once, as each takes a while."""
    for session in sessions:
        session.end()
    while sessions:
        sessions.pop().close()
