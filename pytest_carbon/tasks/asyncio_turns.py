"""Follows asyncio, whose tasks take turns in one thread: each turn is charged to its own task.

Every turn is one call of a ``Handle``, whose context knows the innermost of our tasks. The
method is replaced only while one of our tasks is open under a loop. Loops that do not use
asyncio's handles (uvloop, trio) cannot be followed; the ledger doubts what overlaps there.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pytest_carbon.tasks.spans import CURRENT

if TYPE_CHECKING:
    from pytest_carbon.tasks.ledger import TaskLedger
    from pytest_carbon.tasks.spans import Span

__all__ = ["follow", "unfollow"]

_lock = threading.Lock()
_followed: dict[TaskLedger, set[Span]] = {}
_original: Any = None


def follow(ledger: TaskLedger, span: Span) -> None:
    """Follow the turns of the running loop, if there is one, until ``span`` is closed."""
    from asyncio import _get_running_loop

    if _get_running_loop() is None:
        return
    with _lock:
        if not _followed:
            _install()
        _followed.setdefault(ledger, set()).add(span)


def unfollow(ledger: TaskLedger, span: Span) -> None:
    """Forget ``span``; with the last one asyncio is as it was."""
    if not _followed:
        return
    with _lock:
        spans = _followed.get(ledger)
        if spans is None:
            return
        spans.discard(span)
        if not spans:
            del _followed[ledger]
        if not _followed:
            _remove()


def _install() -> None:
    from asyncio.events import Handle

    global _original  # noqa: PLW0603 - one interpreter has one asyncio
    handle: Any = Handle
    _original = original = handle._run  # noqa: SLF001 - the one place that sees every turn

    def run(self: Any) -> Any:
        target = self._context.get(CURRENT)
        for ledger in tuple(_followed):
            ledger.switch(target)
        try:
            return original(self)
        finally:
            target = CURRENT.get()
            for ledger in tuple(_followed):
                ledger.switch(target)

    handle._run = run  # noqa: SLF001


def _remove() -> None:
    from asyncio.events import Handle

    handle: Any = Handle
    handle._run = _original  # noqa: SLF001
