"""Full garbage collections, charged to a row of their own and not to the test that they hit."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from pytest_carbon.ledger import Account
from pytest_carbon.system import System

if TYPE_CHECKING:
    from pytest_carbon.ledger import Ledger

__all__ = ["FullCollections"]

_OLDEST = 2


class FullCollections:
    """Opens ``account`` for as long as a full collection takes; a context around the tests.

    A full collection walks through all objects there are, and falls into one test or another as
    the tests before them happened to allocate: with pytest and numpy imported it costs as much as
    a test of 10 ms. Younger collections stay with their tests, as they walk through what those
    have made.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.account = Account()
        self._ledger = ledger
        self._depth: int | None = None
        self._pid = -1
        self._thread = -1
        self._getpid, self._get_ident = System.getpid, System.get_ident

    def __enter__(self) -> None:
        """Watch the collector from here on."""
        self._pid, self._thread = self._getpid(), self._get_ident()
        gc.callbacks.append(self._note)

    def __exit__(self, *_: object) -> None:
        """Stop watching; a test may have done so before."""
        if self._note in gc.callbacks:
            gc.callbacks.remove(self._note)

    def _note(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] != _OLDEST:
            return
        if phase == "stop":
            depth, self._depth = self._depth, None
            if depth is not None:
                self._ledger.unwind(depth)
        # In another thread, in a forked child, or in the midst of a reading nobody can switch.
        elif (
            not self._ledger.is_busy
            and self._get_ident() == self._thread
            and self._getpid() == self._pid
        ):
            self._depth = self._ledger.depth
            self._ledger.push(self.account)
