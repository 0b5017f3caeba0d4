"""``--carbon-strict``: what is not compared is not passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

ONE = "from burn import burn\ndef test_one(): burn(0.02)\n"
TWO = "from burn import burn\ndef test_two(): burn(0.02)\n"
WIDE = "--carbon-tolerance=900%"


def test_a_test_without_a_baseline_fails_and_says_how_to_store_one(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(test_a=ONE)
    carbon("--carbon-update", "--carbon-confirm-time=0", "--carbon-strict").assert_outcomes(
        passed=1
    )
    carbon(WIDE, "--carbon-strict").assert_outcomes(passed=1)
    pytester.makepyfile(test_b=TWO)
    result = carbon(WIDE)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["verdicts: 1 ok, 1 new"])
    pytester.makeini("[pytest]\ncarbon_strict = true\n")
    result = carbon(WIDE, "-n", "1")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "accept    pytest --carbon --carbon-update=new test_b.py::test_two",
            "FAILED test_b.py::test_two - carbon: no baseline is stored",
        ]
    )


def test_a_run_that_can_compare_nothing_fails_once(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(test_a=ONE)
    assert carbon().ret == pytest.ExitCode.OK
    result = carbon("--carbon-strict")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED: --carbon-strict: nothing to compare with: *none stored*"])
    carbon("--carbon-update", "--carbon-confirm-time=0", "--carbon-speed=off")
    assert carbon().ret == pytest.ExitCode.OK
    result = carbon("--carbon-strict")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED: --carbon-strict: *another environment only: speed off*"])
