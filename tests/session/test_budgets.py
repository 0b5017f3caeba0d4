"""Budgets without a marker, and in runs without ``--carbon``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

SUITE = """
import pytest
from burn import burn

def test_unmarked(): burn(0.05)

@pytest.mark.carbon_budget(j=1000)
def test_generous(): burn(0.05)

@pytest.mark.carbon(tolerance=0.5)
def test_with_a_tolerance(): burn(0.05)

@pytest.mark.carbon(skip=True)
def test_left_out(): burn(0.05)
"""

MARKED = """
import pytest
from burn import burn

@pytest.mark.carbon_budget(mj=20)
def test_greedy(): burn(0.1)

@pytest.mark.carbon_budget(j=1000)
def test_modest(): burn(0.01)

def test_unmarked(): burn(0.01)
"""


def plain(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    """A run without ``--carbon``."""
    return pytester.run(sys.executable, "-m", "pytest", "-p", "no:randomly", *args)


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_a_default_budget_is_for_tests_that_name_none(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(SUITE)
    pytester.makeini("[pytest]\ncarbon_default_budget = 5mJ\n")
    result = carbon(*workers)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "budget    5.00 mJ (* CO2e)",
            "accept    raise carbon_default_budget, or give the test a carbon_budget marker",
        ]
    )
    failed = "".join(line for line in result.outlines if line.startswith("FAILED "))
    assert "test_unmarked" in failed
    assert "test_with_a_tolerance" in failed


def test_the_default_budget_may_be_in_grams(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(SUITE)
    result = carbon("--carbon-default-budget=1ug", "--carbon-intensity=1000")
    result.assert_outcomes(passed=2, failed=2)
    carbon("--carbon-default-budget=1g").assert_outcomes(passed=4)


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_budgets_can_be_enforced_without_the_flag(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    """Neither a baseline nor the strict mode fails anything then, and nothing is stored."""
    pytester.makepyfile(MARKED)
    pytester.makeini(
        "[pytest]\ncarbon_budget_always = true\ncarbon_strict = true\n"
        "carbon_report = json:carbon.json\n"
    )
    result = plain(pytester, *workers)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "FAILED *::test_greedy - carbon: over budget: *J, allowed 20.0 mJ",
        ]
    )
    result.stdout.fnmatch_lines(["carbon: budgets: 2 checked, 1 exceeded"])
    result.stdout.no_fnmatch_line("*= carbon =*")
    assert not (pytester.path / "carbon.json").exists()
    carbon("--deselect=test_budgets_can_be_enforced_without_the_flag.py::test_greedy")
    assert (pytester.path / "carbon.json").exists()


def test_baselines_gate_nothing_without_the_flag(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makeini("[pytest]\ncarbon_budget_always = true\n")
    pytester.makepyfile("from burn import burn\ndef test_it(): burn(0.02)\n")
    carbon("--carbon-update").assert_outcomes(passed=1)
    pytester.makepyfile("from burn import burn\ndef test_it(): burn(0.2)\n")
    result = plain(pytester)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*again in a fresh process*")
    carbon().assert_outcomes(failed=1)


@pytest.mark.usefixtures("carbon")
def test_an_option_that_needs_the_flag_says_so(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ncarbon_budget_always = true\n")
    pytester.makepyfile(MARKED)
    result = plain(pytester, "--carbon-update", "-k", "not greedy")
    result.assert_outcomes(passed=2, deselected=1)
    result.stdout.fnmatch_lines(
        ["carbon: only budgets were checked (--carbon-update in use): add --carbon"]
    )
    assert not (pytester.path / "baselines").exists()


@pytest.mark.usefixtures("carbon")
def test_a_suite_without_budgets_is_not_bothered(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ncarbon_budget_always = true\n")
    pytester.makepyfile("def test_it(): pass")
    result = plain(pytester)
    result.assert_outcomes(passed=1)
    assert [line for line in result.outlines if "budgets:" in line] == []
