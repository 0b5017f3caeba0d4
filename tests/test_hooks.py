"""What is registered with pytest shows its hooks only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.hooks import Hooks

if TYPE_CHECKING:
    import pytest


class Counting(Hooks):
    def __init__(self) -> None:
        self.ended = 0

    def pytest_sessionfinish(self) -> None:
        self.ended += 1


def test_pytest_finds_the_hooks_and_no_other_name(pytester: pytest.Pytester) -> None:
    counting = Counting()
    assert dir(counting) == ["pytest_sessionfinish"]
    pytester.makepyfile("def test_it(): pass")
    pytester.inline_run(plugins=[counting])
    assert counting.ended == 1
