"""Tests too short for the meter, seen together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

SHORT = """
import pytest

def work(rounds):
    for _ in range(rounds):
        sum(range(2_000))

@pytest.mark.parametrize("number", range(120))
def test_short(number):
    work({rounds})
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_many_short_tests_that_all_grew_fail_the_run(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    """Each grew by less than the floor, together they are a regression."""
    # A test's joules differ fivefold between machines; this floor is above them on all.
    pytester.makeini("[pytest]\ncarbon_floor = 30 mJ\n")
    pytester.makepyfile(test_short=SHORT.format(rounds=10))
    carbon("--carbon-update", "--carbon-rounds=2").assert_outcomes(passed=120)
    run = carbon(*workers)
    assert run.ret == pytest.ExitCode.OK, run.stdout.str()
    run.stdout.fnmatch_lines(["*120 too small to gate*"])
    pytester.makepyfile(test_short=SHORT.format(rounds=40))
    run = carbon(*workers)
    run.assert_outcomes(passed=120)
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(
        ["regressed: test_short.py (* tests too short to gate alone): * → *J (+*); *moved most: *"]
    )
