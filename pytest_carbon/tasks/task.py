"""A task as users see it: a context manager and a decorator, with figures afterwards."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_carbon.errors import TaskError
from pytest_carbon.record import NamedTuple
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


class Figures(NamedTuple):
    """What a task has cost; all that is left of one that was copied to another process."""

    energy_j: float | None = None
    emissions_g: float | None = None
    cpu_s: float | None = None
    wall_s: float | None = None
    own_energy_j: float | None = None
    own_cpu_s: float | None = None
    method: str | None = None


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
        "_stored",
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
        self._stored: Figures | None = None

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
        return self._figures.energy_j

    @property
    def emissions_g(self) -> float | None:
        """Grams of CO2e, at the intensity that the run has pinned."""
        return self._figures.emissions_g

    @property
    def cpu_s(self) -> float | None:
        """CPU seconds."""
        return self._figures.cpu_s

    @property
    def wall_s(self) -> float | None:
        """The seconds between its begin and its end."""
        return self._figures.wall_s

    @property
    def own_energy_j(self) -> float | None:
        """The joules that no task inside of this one caused."""
        return self._figures.own_energy_j

    @property
    def own_cpu_s(self) -> float | None:
        """The CPU seconds that no task inside of this one used."""
        return self._figures.own_cpu_s

    @property
    def method(self) -> str | None:
        """How the figures came about, or why they are unknown; ``None`` where none is measured."""
        return self._figures.method

    def __getstate__(self) -> dict[str, Any]:
        """All of it, for a copy or another process: of a finished task the figures and no more."""
        state = {name: getattr(self, name) for kind in type(self).__mro__ for name in _slots(kind)}
        if self._closed is not None:
            state |= {"_stored": self._figures, "_find_book": _no_book, "_book": None}
            state |= {"_closed": "", "_measured": None}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what ``__getstate__`` gave."""
        for name, value in state.items():
            setattr(self, name, value)

    @property
    def _figures(self) -> Figures:
        if self._stored is not None:
            return self._stored
        closed, book = self._closed, self._book
        if closed is None or book is None:
            return Figures()
        if isinstance(closed, str):
            return Figures(method=f"unknown: {closed}")
        if closed.doubt:
            return Figures(wall_s=closed.wall_ns / 1e9, method=f"unknown: {closed.doubt}")
        measured = self._measurement()
        assert measured is not None, "known where there is no doubt"
        own = book.measure(closed.own, closed.wall_ns)
        energy_j = measured.energy_j
        return Figures(
            energy_j=energy_j,
            emissions_g=(
                None if energy_j is None else emissions_g(energy_j, book.intensity_g_per_kwh)
            ),
            cpu_s=measured.cpu_s,
            wall_s=closed.wall_ns / 1e9,
            own_energy_j=own.energy_j,
            own_cpu_s=own.cpu_s,
            method=_method(measured, closed, book),
        )

    def _measurement(self) -> Measurement | None:
        closed, book = self._closed, self._book
        if book is None or closed is None or isinstance(closed, str) or closed.doubt:
            return None
        if self._measured is None:
            self._measured = book.measure(closed.cost, closed.wall_ns)
        return self._measured


def _method(measured: Measurement, closed: Closed, book: TaskBook) -> str:
    if measured.missing:
        return f"unknown: {', '.join(measured.missing)} was lost"
    how = "+".join(sorted({energy.method.value for energy in measured.energies}))
    clock = "its thread's CPU clock" if closed.is_thread else f"process tree ({book.clock})"
    return f"{how}; {clock}"


def _slots(kind: type) -> tuple[str, ...]:
    return tuple(vars(kind).get("__slots__", ()))


def _no_book() -> None:
    """Nothing is measured by a copy of what is over."""
