"""Running a test again and again in a side's process."""

from __future__ import annotations

import copy
import gc
import warnings
from typing import TYPE_CHECKING, Any

from pytest_carbon.session.pytest_private import (
    drop_request,
    forget_instance,
    report_sections,
    run_as_pytest_does,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_carbon.measurement import Measurement

__all__ = ["Repeater", "saved_globs"]


def saved_globs(item: pytest.Item) -> dict[str, Any] | None:
    """The names of a doctest, which are gone after its first run."""
    test = getattr(item, "dtest", None)
    return None if test is None else test.globs.copy()


class Repeater:
    """Runs one test again and again, with fresh function fixtures and the wider ones kept.

    ``measure`` runs a callable with its costs charged to a test of that sensitivity, and returns
    what that cost. ``reports`` are those of the latest run.
    """

    def __init__(
        self,
        item: pytest.Item,
        measure: Callable[[Callable[[], object], float], Measurement | None],
        sensitivity: float,
        globs: dict[str, Any] | None,
    ) -> None:
        self._item: Any = item
        self._measure = measure
        self._sensitivity = sensitivity
        self._globs = globs
        self.reports: list[pytest.TestReport] = []

    def run(
        self, following: pytest.Item | None = None, *, collects_garbage: bool = True
    ) -> Measurement | None:
        """One more run; ``None`` if it did not pass, which says nothing about the test.

        ``following`` is the test that runs next if it is another one. A full garbage collection
        that falls into a short test costs many times the test: it is done before.
        """
        item = self._item
        forget_instance(item)
        if self._globs is not None:
            item.dtest.globs = self._globs.copy()
        # Else the last run's fixtures are taken again.
        drop_request(item)
        sections = report_sections(item)
        kept = item.user_properties[:], sections[:]

        def again() -> None:
            # A sibling as the next test: function fixtures end, wider ones stay.
            nextitem = copy.copy(item) if following is None else following
            self.reports = run_as_pytest_does(item, nextitem, log=False)

        if collects_garbage:
            gc.collect()
        try:
            with warnings.catch_warnings(record=True):
                cost = self._measure(again, self._sensitivity)
        finally:
            item.user_properties[:], sections[:] = kept
        passed = all(r.passed and not hasattr(r, "wasxfail") for r in self.reports)
        return cost if passed else None
