"""Where ``measure`` writes to while pytest runs with carbon: the book of the running test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.tasks.book import TaskBook

__all__ = ["hosts"]

hosts: list[Callable[[], TaskBook | None]] = []
"""Finds the book of the running test, ``None`` between tests; empty where no pytest measures."""
