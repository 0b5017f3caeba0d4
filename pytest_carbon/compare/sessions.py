"""The sessions of both sides: started when first needed, two generations of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.compare.side import Hello, Session, Side

__all__ = ["Generations"]


class Generations:
    """Hands out sessions to take processes from.

    Forked processes share the layout of memory of the session they come from. So suspects get
    theirs from two generations of sessions. Where a side cannot fork, each call starts anew.
    """

    def __init__(self, sides: Sequence[Side]) -> None:
        self._sides = sides
        self._started: dict[int, list[Session]] = {}
        self._first: list[Hello] = []

    def hellos(self) -> list[Hello]:
        """What both sides say after collection."""
        if not self._first:
            self._first = [session.hello() for session in self.sessions(0)]
        return self._first

    def sessions(self, generation: int) -> list[Session]:
        """A session of each side that can give a process that has run nothing."""
        started = self._started.get(generation)
        if started is not None and not all(session.is_fresh for session in started):
            self._close(generation)
            started = None
        if started is None:
            started = self._started[generation] = []
            for side in self._sides:
                started.append(side.start())
            for session in started:
                session.hello()
        return started

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

    def _close(self, *generations: int) -> None:
        ended = [s for generation in generations for s in self._started.pop(generation, [])]
        # All first, as each takes a while to end.
        for session in ended:
            session.end()
        for session in ended:
            session.close()

    def close(self) -> None:
        """End all sessions; may be called twice."""
        self._close(*self._started)
