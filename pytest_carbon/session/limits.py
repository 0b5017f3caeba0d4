"""What the markers of all collected tests ask for, checked before any of them runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.hooks import Hooks
from pytest_carbon.session.markers import MARKERS, Limits, read_limits
from pytest_carbon.session.subject_ids import test_id

if TYPE_CHECKING:
    from pytest_carbon.budget import Budget

__all__ = ["TestLimits"]


def _is_marked(node: Any, known: dict[Any, bool]) -> bool:
    """Whether a marker of ours is on a node or above; ``known`` keeps what is above."""
    if any(mark.name in MARKERS for mark in node.own_markers):
        return True
    above = node.parent
    if above not in known:
        known[above] = _is_marked(above, known)
    return known[above]


class TestLimits(Hooks):
    """Reads every marker when collection is over, and knows each test's limits from then on.

    ``is_worker``: an xdist worker leaves an error in ``usage_error``, since raising would be a
    crash to xdist; the controller says it instead. ``default_budget`` is that of a test whose
    markers name none.
    """

    __test__ = False

    def __init__(self, *, is_worker: bool, default_budget: Budget | None = None) -> None:
        self.usage_error = ""
        self._is_worker = is_worker
        self._unmarked = Limits(budget=default_budget)
        self._limits: dict[str, Limits] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Raise ``pytest.UsageError`` for a marker that cannot be used."""
        try:
            marked: dict[Any, bool] = {None: False}
            for item in session.items:
                if _is_marked(item, marked):
                    self._limits[test_id(item)] = self._with_default(read_limits(item))
        except SettingError as error:
            if not self._is_worker:
                raise pytest.UsageError(str(error)) from None
            self.usage_error = str(error)
            session.items.clear()

    def of(self, item: pytest.Item) -> Limits:
        """The limits of one test."""
        return self._limits.get(test_id(item), self._unmarked) if self._limits else self._unmarked

    def _with_default(self, limits: Limits) -> Limits:
        return (
            limits if limits.budget is not None else limits._replace(budget=self._unmarked.budget)
        )
