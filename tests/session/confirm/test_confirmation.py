"""Suspects, as the user sees them: measured again, one report each, never a changed outcome."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

COST = """
from burn import burn

def test_one(): burn({})
"""


@pytest.fixture(autouse=True)
def uncorrected(pytester: pytest.Pytester) -> None:
    """What burns for a given time costs the same at any speed: correcting it would add noise."""
    pytester.makeini("[pytest]\ncarbon_speed = off\n")


def store(pytester: pytest.Pytester, carbon: Run, test: str = COST.format(0.02)) -> None:
    """Baselines of a quick test, so that the next run makes it a suspect."""
    pytester.makepyfile(test_cost=test)
    carbon("--carbon-update").assert_outcomes(passed=1)


def test_a_rise_is_confirmed_by_looks_and_is_one_failure_of_one_test(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    store(pytester, carbon)
    pytester.makepyfile(
        test_cost="from burn import burn\ndef test_one(): open('runs', 'a').write('1'); burn(0.1)"
    )
    run = carbon("--junitxml=junit.xml")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(
        [
            "carbon: measuring 1 test again in a fresh process (test_cost.py::test_one)",
            "why *fresh processes confirm it",
            "FAILED test_cost.py::test_one - carbon: +*",
        ]
    )
    (case,) = ET.parse(pytester.path / "junit.xml").iter("testcase")
    assert case.find("failure") is not None
    looks = len((pytester.path / "runs").read_text()) - 1
    assert looks >= 2, "at least two processes agree"


def test_a_look_in_which_the_test_fails_changes_no_outcome(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    store(pytester, carbon)
    pytester.makepyfile(
        test_cost="""
        from pathlib import Path
        from burn import burn

        def test_one():
            burn(0.1)
            assert not Path("ran").exists()
            Path("ran").touch()
        """
    )
    run = carbon("--junitxml=junit.xml")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["inconclusive: *::test_one: *measured again: it failed*"])
    assert len(list(ET.parse(pytester.path / "junit.xml").iter("testcase"))) == 1
    (pytester.path / "ran").unlink()
    carbon("--carbon-inconclusive=fail").assert_outcomes(failed=1)


def test_a_cost_of_the_first_run_alone_stays_open(pytester: pytest.Pytester, carbon: Run) -> None:
    store(pytester, carbon)
    pytester.makepyfile(
        test_cost="""
        from functools import cache
        from burn import burn

        @cache
        def compiled(): burn(0.2)

        def test_one():
            compiled()
            burn(0.02)
        """
    )
    run = carbon()
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["inconclusive: *::test_one: *only the first run*"])


def test_confirmations_end_with_their_time(pytester: pytest.Pytester, carbon: Run) -> None:
    store(pytester, carbon)
    pytester.makepyfile(test_cost=COST.format(0.2))
    run = carbon("--carbon-confirm-time=0.01")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["inconclusive: *out of confirm time (--carbon-confirm-time)*"])


def test_without_confirm_time_no_process_is_started(pytester: pytest.Pytester, carbon: Run) -> None:
    store(pytester, carbon)
    pytester.makepyfile(test_cost=COST.format(0.2))
    run = carbon("--carbon-confirm-time=0")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["inconclusive: *not measured again (--carbon-confirm-time=0)*"])
    run.stdout.no_fnmatch_line("carbon: measuring*")


def test_creep_against_the_anchor_fails_until_it_is_accepted(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    """Twenty accepted rises of 2 %, none of which anybody would have noticed."""
    store(pytester, carbon, COST.format(0.05))
    (stored,) = (pytester.path / "baselines").glob("*.json")
    document = json.loads(stored.read_text())
    (entry,) = document["test"].values()
    entry["first"]["sd_log"] = 0.02
    entry["first"]["samples"] = entry["first"]["processes"] = 100
    entry["anchor_j"] = entry["first"]["centre_j"] / 1.02**30
    stored.write_text(json.dumps(document))
    run = carbon("--carbon-tolerance=100%")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(["FAILED *::test_one - carbon: +81 %: *", "*1 failed*"])
    run.stdout.fnmatch_lines(["why *many accepted rises, each within the tolerance, add up*"])
    carbon("--carbon-creep-tolerance=90%", "--carbon-tolerance=100%").assert_outcomes(passed=1)
    carbon("--carbon-update=all").assert_outcomes(passed=1)
    carbon("--carbon-tolerance=100%").assert_outcomes(passed=1)


@pytest.mark.slow
def test_the_thorough_mode_measures_every_test_again(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    store(
        pytester,
        carbon,
        "from burn import burn\ndef test_one(): open('runs', 'a').write('1'); burn(0.02)",
    )
    (pytester.path / "runs").unlink()
    carbon("--carbon-thorough", "--carbon-tolerance=300%").assert_outcomes(passed=1)
    assert len((pytester.path / "runs").read_text()) >= 5, "once, and twice in two looks at least"
