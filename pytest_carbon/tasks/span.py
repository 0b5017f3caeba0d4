"""A task while it is open, and what has been charged to it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from pytest_carbon.ledger import Account
from pytest_carbon.tasks.names import path_below

if TYPE_CHECKING:
    from pytest_carbon.tasks.book import Closed
    from pytest_carbon.tasks.lanes import Lane
    from pytest_carbon.tasks.ledger import TaskLedger

__all__ = ["CURRENT", "Span"]


class Span:
    """One opening of a task.

    ``own`` is the account of what no inner task pays, ``inner`` sums up the closed inner ones.
    ``before`` was the current one of its context when it began, ``start_ns`` and ``end_ns`` are
    its times by the wall clock. ``again`` says that it is right inside its namesake, ``doubt``
    why its figures are unknown, ``closed`` is what it came to.
    """

    __slots__ = (
        "again",
        "before",
        "closed",
        "doubt",
        "end_ns",
        "inner",
        "is_open",
        "lane",
        "ledger",
        "open_inner",
        "own",
        "parent",
        "path",
        "start_ns",
    )

    def __init__(self, ledger: TaskLedger, name: str, parent: Span | None, lane: Lane) -> None:
        self.ledger = ledger
        self.parent = parent
        self.lane = lane
        self.path: str = path_below("" if parent is None else parent.path, name)
        self.again = parent is not None and self.path == parent.path
        self.own = Account()
        self.inner = Account()
        self.open_inner: list[Span] = []
        self.start_ns = 0
        self.end_ns = 0
        self.before: Span | None = None
        self.is_open = True
        self.closed: Closed | None = None
        self.doubt = ""

    def open_one(self) -> Span:
        """The nearest span that is still open, from this one outwards; the outermost always is."""
        span = self
        while not span.is_open and span.parent is not None:
            span = span.parent
        return span

    def is_around(self, other: Span) -> bool:
        """Whether ``other`` is this span or inside it."""
        span: Span | None = other
        while span is not None:
            if span is self:
                return True
            span = span.parent
        return False

    def cost(self) -> Account:
        """All that was spent from its start until now, inner tasks included."""
        total = Account()
        total.add(self.own)
        total.add(self.inner)
        for span in self.open_inner:
            total.add(span.cost())
        return total


CURRENT: ContextVar[Span | None] = ContextVar("carbon task", default=None)
"""The innermost task of this context: of a thread, or of one of asyncio's tasks."""
