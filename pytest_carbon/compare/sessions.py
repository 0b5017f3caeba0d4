"""The sessions of both sides: one of each at a time, replaced when new ones are wanted."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import Processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.compare.side import Hello, Session, Side

__all__ = ["Generations"]


class Generations:
    """Hands out sessions to take processes from.

    Forked processes share the layout of memory of the session that they come from, which alone
    can make a test costlier. Where a side cannot fork, each call starts anew. Only the first
    sessions have to collect everything.
    """

    def __init__(self, sides: Sequence[Side], dice: random.Random | None = None) -> None:
        self._sides = sides
        self._dice = dice or random.Random()  # noqa: S311 - orders of runs, no secrets
        self._batches = 0
        self._started: list[Session] = []
        self._files: frozenset[str] | None = None
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
        files = None if tests is None else frozenset(test.partition("::")[0] for test in tests)
        has_all = self._files is None or (files is not None and files <= self._files)
        if not has_all or not all(session.is_fresh for session in self._started):
            self.close()
        if not self._started:
            self._files = files
            for side in self._sides:
                self._started.append(side.start(files))
            for session in self._started:
                session.hello()
        return self._started

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
            notes.append("fresh processes are started anew, not forked, which takes longer")
        return notes

    def close(self) -> None:
        """End both sessions; the next are new ones. May be called twice."""
        # Both first, as each takes a while to end.
        for session in self._started:
            session.end()
        while self._started:
            self._started.pop().close()
