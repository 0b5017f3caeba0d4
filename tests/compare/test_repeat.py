"""What is done around the runs of one test in a side's process."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.compare.repeat import collect_garbage

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = 2


class Node:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collected() -> Iterator[list[int]]:
    """The generations that are collected meanwhile."""
    # What tests have left so far would make each of these collections a hundred times as long.
    gc.collect()
    gc.freeze()
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            found.append(info["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)
    gc.unfreeze()


def test_what_a_run_has_just_left_is_gone_before_the_next() -> None:
    collect_garbage()
    left = weakref.ref(Node())
    collect_garbage()
    assert left() is None


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="collects in steps")
def test_only_some_runs_wait_for_a_full_collection(collected: list[int]) -> None:
    for _ in range(100):
        collect_garbage()
    assert 10 <= collected.count(FULL) <= 30


def test_no_full_collection_is_soon_due(collected: list[int]) -> None:
    for _ in range(20):
        collect_garbage()
        before = collected.count(FULL)
        # Would be the full one, if the interpreter counted on.
        for _ in range(4):
            gc.collect(1)
        kept: list[list[int]] = [[] for _ in range(gc.get_threshold()[0] + 1)]
        assert kept
        assert collected.count(FULL) == before
