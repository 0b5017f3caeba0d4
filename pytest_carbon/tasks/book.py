"""The book of a test's tasks, or of a script's: one row for each path, however often it ran."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from pytest_carbon.errors import TaskError
from pytest_carbon.ledger import Account
from pytest_carbon.tasks.asyncio_turns import follow, unfollow
from pytest_carbon.tasks.spans import Closed
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.budget import Budget
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.tasks.ledger import TaskLedger
    from pytest_carbon.tasks.spans import Span

__all__ = ["OTHERS", "TaskBook", "TaskRow"]

_MOST_ROWS = 1000

OTHERS = "(other tasks)"
"""The path of all tasks beyond the first thousand paths."""


class TaskRow:
    """All openings of one path together; mutable, for speed.

    ``total`` is their cost with inner tasks, ``own`` without, ``wall_ns`` their time.
    ``worst`` is the costliest one with its joules, kept where there is a ``budget``.
    """

    __slots__ = (
        "budget",
        "doubt",
        "left_open",
        "own",
        "path",
        "times",
        "tolerance",
        "total",
        "wall_ns",
        "worst",
    )

    def __init__(self, path: str) -> None:
        self.path = path
        self.times = 0
        self.total = Account()
        self.own = Account()
        self.wall_ns = 0
        self.budget: Budget | None = None
        self.tolerance: float | None = None
        self.worst: tuple[float, Closed] | None = None
        self.doubt = ""
        self.left_open = False


class TaskBook:
    """Opens and closes tasks in one ledger, and adds them up.

    ``price`` turns an account into a measurement, ``intensity_g_per_kwh`` energy into grams;
    ``clock`` names the process tree's clock. ``fault`` says what of ours went wrong: from then
    on nothing is measured, and the tasks' code runs as ever.
    """

    def __init__(
        self,
        ledger: TaskLedger,
        price: Callable[[Account], Measurement],
        *,
        intensity_g_per_kwh: float,
        clock: str,
    ) -> None:
        self.ledger = ledger
        self.intensity_g_per_kwh = intensity_g_per_kwh
        self.clock = clock
        self.fault = ""
        self.rows: dict[str, TaskRow] = {}
        self._price = price
        self._finished = ""
        # Threads end tasks of the same path at once; entered anew as the ledger's.
        self._lock = threading.RLock()

    def open(self, name: str, budget: Budget | None, tolerance: float | None) -> Span | str:
        """Begin a task; or say why it cannot be measured.

        Raises ``TaskError`` where one of the same path has another budget or tolerance.
        """
        ledger = self.ledger
        if self._finished or self.fault or not ledger.is_here:
            return self._finished or self.fault or "it began in a forked process"
        try:
            span = ledger.open(name)
            if "asyncio" in sys.modules:
                follow(ledger, span)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary
            self.fault = f"measuring stopped ({type(error).__name__}: {error})"
            return self.fault
        if budget is not None or tolerance is not None:
            self._limit(span, budget, tolerance)
        return span

    def _limit(self, span: Span, budget: Budget | None, tolerance: float | None) -> None:
        row = self._row(span.path)
        if row.path == OTHERS:
            return
        if row.times or row.budget is not None or row.tolerance is not None:
            if (row.budget, row.tolerance) != (budget, tolerance):
                self.close(span)
                raise TaskError(
                    f"the task {span.path!r} of this test has another budget or tolerance already",
                    remedy="give each its own name, or all of them the same limits",
                )
            return
        row.budget, row.tolerance = budget, tolerance

    def close(self, span: Span) -> Closed | str:
        """End a task; its figures, or why there are none."""
        ledger = self.ledger
        if not ledger.is_here:
            return "it was closed in a forked process"
        if span.closed is not None:
            return span.closed
        if self.fault:
            return self.fault
        try:
            cost = ledger.close(span)
            unfollow(ledger, span)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary
            self.fault = f"measuring stopped ({type(error).__name__}: {error})"
            return self.fault
        if cost is None:
            return "it was closed by two threads at once"
        closed = span.closed = Closed(cost, span, is_thread=ledger.is_elsewhere(span))
        with self._lock:
            self._note(span, closed)
        return closed

    def finish(self, reason: str) -> None:
        """Close what is still open; what begins later is not measured, for this ``reason``."""
        if self._finished or not self.ledger.is_here:
            return
        for span in self.ledger.open_spans():
            self.close(span)
            self._row(span.path).left_open = True
        self._finished = reason

    def measure(self, account: Account, wall_ns: int) -> Measurement:
        """A cost in joules; ``wall_ns`` is the time that passed."""
        return self._price(account)._replace(wall_s=wall_ns / NS_PER_S)

    def _row(self, path: str) -> TaskRow:
        row = self.rows.get(path)
        if row is None:
            if len(self.rows) >= _MOST_ROWS:
                path = OTHERS
            row = self.rows.setdefault(path, TaskRow(path))
        return row

    def _note(self, span: Span, closed: Closed) -> None:
        row = self._row(span.path)
        row.times += 1
        row.own.add(closed.own)
        # Inside its namesake, or in a row with tasks around it, the rest is counted there.
        if row.path == OTHERS:
            row.total.add(closed.own)
        elif not span.again:
            row.total.add(closed.cost)
            row.wall_ns += closed.wall_ns
        row.doubt = row.doubt or closed.doubt
        if row.budget is not None and not span.again:
            energy_j = self._price(closed.cost).energy_j or 0.0
            if row.worst is None or energy_j > row.worst[0]:
                row.worst = energy_j, closed
