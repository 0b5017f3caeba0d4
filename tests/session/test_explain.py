"""From a regression against a stored baseline to the function that burns more."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.session.test_gate import check_out

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

WIDE = "--carbon-tolerance=200%"


def git(pytester: pytest.Pytester, *arguments: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *arguments]
    done = subprocess.run(command, cwd=pytester.path, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def regressed(pytester: pytest.Pytester, carbon: Run) -> str:
    """A project whose baselines are committed and whose code is worse by now; the commit."""
    check_out(pytester, "before")
    git(pytester, "init", "--quiet")
    carbon("--carbon-update").assert_outcomes(passed=3)
    git(pytester, "add", "--all")
    git(pytester, "commit", "--quiet", "--message", "store baselines")
    check_out(pytester, "after")
    return git(pytester, "rev-parse", "HEAD")[:12]


def test_a_regression_comes_with_the_command_that_explains_it(regressed: str, carbon: Run) -> None:
    result = carbon(WIDE)
    result.assert_outcomes(passed=2, failed=1)
    test = "test_words.py::test_unique_keeps_the_first_of_each"
    command = f"pytest-carbon compare {regressed} -- {test}"
    result.stdout.fnmatch_lines([f"note: to see which function burns more: {command}"])


@pytest.mark.slow
@pytest.mark.usefixtures("regressed")
def test_the_run_itself_names_the_function_where_it_is_asked_to(carbon: Run) -> None:
    result = carbon(WIDE, "--carbon-explain")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["note: culprit  words.py:* unique *(changed*)"])


def test_without_git_the_reason_is_said(pytester: pytest.Pytester, carbon: Run) -> None:
    check_out(pytester, "before")
    carbon("--carbon-update").assert_outcomes(passed=3)
    check_out(pytester, "after")
    result = carbon(WIDE)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["note: cannot tell which function burns more: these baselines are not committed*"]
    )
