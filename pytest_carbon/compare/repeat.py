"""Running a test again and again in a side's process."""

from __future__ import annotations

import copy
import gc
import sys
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.session.pytest_private import (
    drop_request,
    forget_instance,
    report_sections,
    run_as_pytest_does,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.measurement import Measurement

__all__ = ["Measure", "Repeater", "WithinProtocol", "collect_garbage", "saved_globs"]

# From this version on, a collection of the middle generation is a step through all.
_COLLECTS_IN_STEPS = (3, 14)

Measure: TypeAlias = "Callable[[Callable[[], object], float], Measurement | None]"
"""Runs a callable with its costs charged to a test of that sensitivity; returns what it cost."""


class WithinProtocol(Hooks):
    """A plugin that runs something in the place of a test, within what others put around one.

    pytest-retry, for one, takes notes around each test that it needs within.
    """

    def __init__(self) -> None:
        self._body: Callable[[], None] | None = None

    def run(self, item: pytest.Item, nextitem: pytest.Item, body: Callable[[], None]) -> None:
        """Call ``body`` as if it were the protocol of ``item``."""
        self._body = body
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        finally:
            self._body = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> bool | None:
        """Keep plugins out that run tests themselves."""
        if self._body is None:
            return None
        self._body()
        return True


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
        measure: Measure,
        sensitivity: float,
        globs: dict[str, Any] | None,
        protocol: WithinProtocol,
    ) -> None:
        self._item: Any = item
        self._measure = measure
        self._sensitivity = sensitivity
        self._globs = globs
        self._protocol = protocol
        self.reports: list[pytest.TestReport] = []

    def run(self) -> Measurement | None:
        """One more run; ``None`` if it did not pass, which says nothing about the test."""
        item = self._item
        forget_instance(item)
        if self._globs is not None:
            item.dtest.globs = self._globs.copy()
        # Else the last run's fixtures are taken again.
        drop_request(item)
        sections = report_sections(item)
        kept = item.user_properties[:], sections[:]

        # A sibling as the next test: function fixtures end, wider ones stay.
        nextitem = copy.copy(item)
        cost: Measurement | None = None

        def again() -> None:
            self.reports = run_as_pytest_does(item, nextitem, log=False)

        def measured() -> None:
            nonlocal cost
            cost = self._measure(again, self._sensitivity)

        collect_garbage()
        try:
            with warnings.catch_warnings(record=True):
                self._protocol.run(item, nextitem, measured)
        finally:
            item.user_properties[:], sections[:] = kept
        passed = all(r.passed and not hasattr(r, "wasxfail") for r in self.reports)
        return cost if passed else None


def collect_garbage() -> None:
    """Leave a test little to collect: a full collection costs many times a short test.

    What earlier tests left is gone through only where the interpreter would soon do so by itself:
    to do that before each run took a quarter of a comparison of 900 tests.
    """
    full_is_far = (
        sys.implementation.name == "cpython"
        and sys.version_info < _COLLECTS_IN_STEPS
        and gc.get_count()[2] < gc.get_threshold()[2] // 2
    )
    gc.collect(1) if full_is_far else gc.collect()
