"""A task as users see it: a context manager and a decorator, with figures afterwards."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_carbon.errors import TaskError
from pytest_carbon.tasks.names import check_name
from pytest_carbon.units import emissions_g

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from pytest_carbon.budget import Budget
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.tasks.book import TaskBook
    from pytest_carbon.tasks.spans import Closed, Span

__all__ = ["Task"]

F = TypeVar("F", bound="Callable[..., Any]")


class Task:
    """One named part of a test or script.

    Used once with ``with``; as a decorator, each call is a task of its own. The figures are
    ``None`` until it has ended, and where they are unknown; ``method`` then says why. They hold
    all that happened inside, inner tasks included; ``own_energy_j`` and ``own_cpu_s`` leave
    those out. ``find_book`` gives the book to write to, ``None`` where nothing is measured.
    """

    __slots__ = (
        "_book",
        "_closed",
        "_find_book",
        "_measured",
        "_span",
        "budget",
        "name",
        "tolerance",
    )

    def __init__(
        self,
        name: str,
        find_book: Callable[[], TaskBook | None],
        *,
        budget: Budget | None = None,
        tolerance: float | None = None,
    ) -> None:
        self.name = check_name(name)
        self.budget = budget
        self.tolerance = tolerance
        self._find_book = find_book
        self._book: TaskBook | None = None
        self._span: Span | str | None = None
        self._closed: Closed | str | None = None
        self._measured: Measurement | None = None

    def __enter__(self) -> Self:
        """Begin. Raises ``TaskError`` for a task that has begun before."""
        if self._span is not None:
            raise TaskError(
                f"the task {self.name!r} has been used already",
                remedy="make a new one for each with statement",
            )
        book = self._book = self._find_book()
        self._span = "" if book is None else book.open(self.name, self.budget, self.tolerance)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, whatever happened inside; a second time changes nothing."""
        if self._closed is not None or self._span is None:
            return
        if self._book is None or isinstance(self._span, str):
            self._closed = self._span if isinstance(self._span, str) else ""
        else:
            self._closed = self._book.close(self._span)
            self._span = ""  # whoever keeps the task keeps no more than its figures

    def __call__(self, function: F) -> F:
        """Make each call of a function or coroutine a task of its own.

        The function's attribute ``task`` is the task of the last call that has ended.
        """
        if not callable(function) or inspect.isclass(function):
            raise TaskError(
                f"the task {self.name!r} decorates {function!r}",
                remedy="decorate a function or a coroutine function",
            )
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TaskError(
                f"the task {self.name!r} decorates a generator, whose call only makes it",
                remedy="write the with statement inside, or around the loop that uses it",
            )

        wrapper: Any
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                task = self._another()
                try:
                    with task:
                        return await function(*args, **kwargs)
                finally:
                    wrapper.task = task

        else:

            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                task = self._another()
                try:
                    with task:
                        return function(*args, **kwargs)
                finally:
                    wrapper.task = task

        wrapper.task = None
        decorated: F = wrapper
        return decorated

    def _another(self) -> Task:
        """A task like this one that has not begun."""
        return Task(self.name, self._find_book, budget=self.budget, tolerance=self.tolerance)

    @property
    def energy_j(self) -> float | None:
        """The joules that the task caused; what would have flowed anyway is not in it."""
        measured = self._measurement()
        return None if measured is None else measured.energy_j

    @property
    def emissions_g(self) -> float | None:
        """Grams of CO2e, at the intensity that the run has pinned."""
        energy_j = self.energy_j
        if energy_j is None or self._book is None:
            return None
        return emissions_g(energy_j, self._book.intensity_g_per_kwh)

    @property
    def cpu_s(self) -> float | None:
        """CPU seconds."""
        measured = self._measurement()
        return None if measured is None else measured.cpu_s

    @property
    def wall_s(self) -> float | None:
        """The seconds between its begin and its end."""
        closed = self._closed
        return None if closed is None or isinstance(closed, str) else closed.wall_ns / 1e9

    @property
    def own_energy_j(self) -> float | None:
        """The joules that no task inside of this one caused."""
        own = self._own()
        return None if own is None else own.energy_j

    @property
    def own_cpu_s(self) -> float | None:
        """The CPU seconds that no task inside of this one used."""
        own = self._own()
        return None if own is None else own.cpu_s

    @property
    def method(self) -> str | None:
        """How the figures came about, or why they are unknown; ``None`` where none is measured."""
        closed, book = self._closed, self._book
        if closed is None or book is None:
            return None
        if isinstance(closed, str):
            return f"unknown: {closed}"
        if closed.doubt:
            return f"unknown: {closed.doubt}"
        measured = self._measurement()
        assert measured is not None, "known where there is no doubt"
        if measured.missing:
            return f"unknown: {', '.join(measured.missing)} was lost"
        how = "+".join(sorted({energy.method.value for energy in measured.energies}))
        clock = "its thread's CPU clock" if closed.is_thread else f"process tree ({book.clock})"
        return f"{how}; {clock}"

    def _measurement(self) -> Measurement | None:
        closed, book = self._closed, self._book
        if book is None or closed is None or isinstance(closed, str) or closed.doubt:
            return None
        if self._measured is None:
            self._measured = book.measure(closed.cost, closed.wall_ns)
        return self._measured

    def _own(self) -> Measurement | None:
        closed, book = self._closed, self._book
        if book is None or closed is None or isinstance(closed, str) or closed.doubt:
            return None
        return book.measure(closed.own, closed.wall_ns)
