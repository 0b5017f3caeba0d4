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


def store(pytester: pytest.Pytester, carbon: Run, test: str, rounds: int = 2) -> None:
    """Baselines of a quick test, so that the next run makes it a suspect."""
    pytester.makepyfile(test_cost=test)
    carbon("--carbon-update", f"--carbon-rounds={rounds}")


def test_a_repeat_that_fails_changes_no_outcome(pytester: pytest.Pytester, carbon: Run) -> None:
    store(pytester, carbon, COST.format(0.02))
    pytester.makepyfile(
        test_cost="""
        from burn import burn
        runs = []

        def test_one():
            burn(0.3)
            runs.append(1)
            assert len(runs) == 1
        """
    )
    run = carbon("--junitxml=junit.xml")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["inconclusive: *::test_one: *not repeatable*"])
    cases = list(ET.parse(pytester.path / "junit.xml").iter("testcase"))
    assert len(cases) == 1
    carbon("--carbon-inconclusive=fail").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("rounds", "found"),
    [
        (2, "regressed: *::test_one: *its first run: 2 fresh processes agree"),
        (0, "inconclusive: *::test_one: *only its first run costs more*"),
    ],
)
def test_a_cost_of_the_first_run_alone_needs_such_runs_in_the_baseline(
    pytester: pytest.Pytester, carbon: Run, rounds: int, found: str
) -> None:
    # What burns for a given time costs the same at any speed: correcting it would add noise.
    pytester.makeini("[pytest]\ncarbon_speed = off")
    store(pytester, carbon, COST.format(0.02), rounds)
    pytester.makepyfile(
        test_cost="""
        from functools import cache
        from burn import burn

        @cache
        def compiled(): burn(0.4)

        def test_one():
            compiled()
            burn(0.02)
        """
    )
    carbon().stdout.fnmatch_lines([found])


def test_confirmations_end_with_their_time(pytester: pytest.Pytester, carbon: Run) -> None:
    store(pytester, carbon, COST.format(0.02))
    pytester.makepyfile(test_cost=COST.format(0.3))
    run = carbon("--carbon-confirm-time=0.1")
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["inconclusive: *out of confirm time*"])


def test_wider_fixtures_are_kept_and_function_fixtures_are_fresh(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    fixtures = """
        import os
        import pytest
        from burn import burn

        @pytest.fixture(scope="module")
        def wide():
            with open("wide.txt", "a") as file: file.write(f"{{os.getpid()}}\\n")

        @pytest.fixture
        def own():
            with open("own.txt", "a") as file: file.write(f"{{os.getpid()}}\\n")

        def test_one(wide, own): burn({})
        def test_two(wide): pass
        """
    store(pytester, carbon, fixtures.format(0.02))
    for name in ("wide.txt", "own.txt"):
        (pytester.path / name).unlink()
    pytester.makepyfile(test_cost=fixtures.format(0.3))
    carbon().assert_outcomes(failed=1, passed=1)
    wide = (pytester.path / "wide.txt").read_text().split()
    own = (pytester.path / "own.txt").read_text().split()
    assert len(wide) == len(set(wide)), "once in each process"
    assert len(set(wide)) >= 3, "the run and at least two fresh processes"
    assert len(own) > len(wide)


def test_creep_against_the_anchor_fails_until_it_is_accepted(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    """Twenty accepted rises of 2 %, none of which anybody would have noticed."""
    store(pytester, carbon, COST.format(0.05))
    (stored,) = (pytester.path / "baselines").glob("*.json")
    document = json.loads(stored.read_text())
    (entry,) = document["test"].values()
    entry["first"]["sd_log"] = 0.02
    entry["first"]["samples"] = entry["first"]["processes"] = 10
    entry["anchor_j"] = entry["first"]["centre_j"] / 1.02**20
    stored.write_text(json.dumps(document))
    run = carbon("--carbon-tolerance=100%")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(["FAILED *::test_one - carbon: +49 %: *", "*1 failed*"])
    run.stdout.fnmatch_lines(["why *crept up by many accepted rises*"])
    carbon("--carbon-creep-tolerance=60%", "--carbon-tolerance=100%").assert_outcomes(passed=1)
    carbon("--carbon-update=all").assert_outcomes(passed=1)
    carbon("--carbon-tolerance=100%").assert_outcomes(passed=1)


def test_the_thorough_gear_measures_every_test_again(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        test_cost="""
        from burn import burn

        def test_one():
            with open("runs.txt", "a") as file: file.write("1")
            burn(0.02)
        """
    )
    carbon("--carbon-update", "--carbon-rounds=2")
    (pytester.path / "runs.txt").unlink()
    carbon("--carbon-thorough", "--carbon-tolerance=300%")
    assert len((pytester.path / "runs.txt").read_text()) >= 6
