"""Keeps what was there before the first test out of the garbage collections in tests."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

__all__ = ["Garbage", "frozen"]


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    """Hide all objects that there are now from the collector, also in processes forked meanwhile.

    Does nothing on interpreters that cannot.
    """
    if not hasattr(gc, "freeze"):
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Garbage:
    """Hides the objects of imports and collection from the collector while tests run.

    A full collection walks through all objects there are, and falls into one test or another as
    the tests before them happened to allocate: with pytest and numpy imported it costs as much as
    a test of 10 ms. With the old objects out of the way, a collection costs what the test's own
    objects cost.
    """

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Freeze before the first test and before the stem is forked; thaw after the last."""
        with frozen():
            return (yield)
