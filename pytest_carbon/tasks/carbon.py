"""What the fixture ``carbon`` gives to a test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.budget import UNITS, parse_budget
from pytest_carbon.errors import TaskError
from pytest_carbon.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.budget import Budget
    from pytest_carbon.tasks.book import TaskBook

__all__ = ["Carbon", "budget_of"]


class Carbon:
    """Makes the tasks of one test.

    ``active`` says whether anything is measured: without ``--carbon`` all figures are ``None``.
    """

    __slots__ = ("_find_book", "active")

    def __init__(self, find_book: Callable[[], TaskBook | None], *, active: bool) -> None:
        self._find_book = find_book
        self.active = active

    def task(
        self,
        name: str,
        *,
        budget_g: float | None = None,
        budget_mg: float | None = None,
        budget_ug: float | None = None,
        budget_j: float | None = None,
        budget_mj: float | None = None,
        budget_wh: float | None = None,
        tolerance: float | None = None,
    ) -> Task:
        """A task, to be used with ``with`` or as a decorator.

        A budget is a ceiling on each time the task runs, in one unit; ``tolerance`` the relative
        rise over its baseline that is allowed. Raises ``TaskError`` for what cannot be used.
        """
        amounts = (budget_g, budget_mg, budget_ug, budget_j, budget_mj, budget_wh)
        return Task(
            name,
            self._find_book,
            budget=budget_of(name, dict(zip(UNITS, amounts, strict=True))),
            tolerance=_tolerance_of(name, tolerance),
        )


def budget_of(name: str, amounts: dict[str, float | None]) -> Budget | None:
    """The one budget among ``amounts`` by unit. Raises ``TaskError`` for one without a meaning."""
    given = {unit: amount for unit, amount in amounts.items() if amount is not None}
    if not given:
        return None
    try:
        return parse_budget(given, example=f'carbon.task("{name:.40}", budget_mg=1.5)')
    except ValueError as error:
        raise TaskError.of(error, f"the budget of the task {name!r:.60}") from None


def _tolerance_of(name: str, tolerance: object) -> float | None:
    if tolerance is None:
        return None
    is_number = isinstance(tolerance, (int, float)) and not isinstance(tolerance, bool)
    if not is_number or not 0 <= tolerance < math.inf:  # type: ignore[operator]
        raise TaskError(
            f"the tolerance of the task {name!r:.60} is {tolerance!r}",
            remedy="give a fraction of 0 or more, like tolerance=0.3",
        )
    return float(tolerance)  # type: ignore[arg-type]
