"""What a test costs beside itself, in function calls, which no machine's speed changes."""

from __future__ import annotations

import pstats
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SUITE = """
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_empty(number):
    pass
"""


def calls_of(pytester: pytest.Pytester, tests: int, *arguments: str) -> int:
    """Function calls of a whole run of so many empty tests."""
    pytester.makepyfile(test_empty=SUITE.format(tests=tests))
    profile = pytester.path / "profile"
    run = pytester.run(
        *(sys.executable, "-m", "cProfile", "-o", profile, "-m", "pytest", "-q"),
        *("-p", "no:cacheprovider", *arguments),
    )
    assert run.ret == 0
    found = pstats.Stats(str(profile))
    calls: int = found.total_calls  # type: ignore[attr-defined]
    return calls


def test_a_measured_test_takes_few_more_calls_than_a_plain_one(pytester: pytest.Pytester) -> None:
    """The start drops out of the difference of two runs."""
    plain, measured = (
        calls_of(pytester, 300, *arguments) - calls_of(pytester, 100, *arguments)
        for arguments in (("-p", "no:carbon"), ("--carbon", "--carbon-speed=off"))
    )
    assert measured / plain < 1.2
