"""What was there before the first test stays out of the tests' garbage collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., pytest.RunResult]

SUITE = """
import gc, weakref

class Loop:
    def __init__(self): self.itself = self

def test_imports_are_out_of_the_way():
    assert gc.get_freeze_count() > 10_000

def test_what_a_test_makes_is_collected():
    seen = weakref.ref(Loop())
    gc.collect()
    assert seen() is None

def test_a_test_may_want_it_otherwise():
    gc.unfreeze()
    assert gc.get_freeze_count() == 0
"""

CONFTEST = """
import gc

def pytest_sessionfinish():
    with open("frozen", "w") as file:
        print(gc.get_freeze_count(), file=file)
"""


def test_imports_are_frozen_while_tests_run_and_thawed_after(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(SUITE)
    carbon().assert_outcomes(passed=3)
    assert (pytester.path / "frozen").read_text() == "0\n"
    carbon("-k", "out_of_the_way").assert_outcomes(passed=1, deselected=2)
    assert (pytester.path / "frozen").read_text() == "0\n"
