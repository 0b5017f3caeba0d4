"""Keeps what was there before the first test out of the garbage collections in tests."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Garbage"]


class Garbage:
    """Hides the objects of imports and collection from the collector while tests run.

    A full collection walks through all objects there are, and falls into one test or another as
    the tests before them happened to allocate: with pytest and numpy imported it costs as much as
    a test of 10 ms. With the old objects out of the way, a collection costs what the test's own
    objects cost.
    """

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Freeze before the first test, also for processes forked later; thaw after the last."""
        if not hasattr(gc, "freeze"):
            return (yield)
        gc.collect()
        gc.freeze()
        try:
            return (yield)
        finally:
            gc.unfreeze()
