"""A pull request, as its author sees it: stored, regressed, refused, accepted."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from tests.conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

QUADRATIC = EXAMPLES / "quadratic"


def check_out(pytester: pytest.Pytester, commit: str) -> None:
    shutil.copy(QUADRATIC / commit / "words.py", pytester.path / "words.py")
    shutil.copy(QUADRATIC / "test_words.py", pytester.path / "test_words.py")


def test_an_accidental_square_fails_that_test_only(pytester: pytest.Pytester, carbon: Run) -> None:
    check_out(pytester, "before")
    carbon("--carbon-update").assert_outcomes(passed=3)
    # What noise a shared machine adds is the statistics' business; here the square is 20 times.
    wide = "--carbon-tolerance=200%"
    carbon(wide).assert_outcomes(passed=3)
    check_out(pytester, "after")
    result = carbon(wide, "--junitxml=junit.xml")
    result.assert_outcomes(passed=2, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*carbon: +* %: * → *",
            "baseline *J (* CO2e)",
            "now *J (* CO2e)",
            "method    m* gCO2e/kWh (world)",
            "accept    pytest --carbon --carbon-update=all test_words.py::*",
            "FAILED test_words.py::test_unique_keeps_the_first_of_each - carbon: +*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    cases = {c.get("name"): c for c in ET.parse(pytester.path / "junit.xml").iter("testcase")}
    assert len(cases) == 3
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == ["test_unique_keeps_the_first_of_each"]
    carbon(wide, "--lf").assert_outcomes(failed=1)
    carbon(wide, "--carbon-update=all").assert_outcomes(passed=3)
    carbon(wide).assert_outcomes(passed=3)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_budget_is_a_ceiling_without_a_baseline(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        pytestmark = pytest.mark.carbon_budget(mj=20)

        def test_frugal(): pass
        def test_greedy(): burn(0.1)
        @pytest.mark.xfail
        def test_expected_to_fail(): burn(0.1); assert 0
        """
    )
    result = carbon(*workers)
    result.assert_outcomes(passed=1, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(
        ["FAILED *::test_greedy - carbon: over budget: *J, allowed 20.0 mJ"]
    )


def test_a_failure_that_looks_found_comes_too_late_to_stop_the_run(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.mark.carbon_budget(mj=0.001)
        def test_greedy(): burn(0.01)
        def test_next(): pass
        """
    )
    result = carbon("-x")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_selection_leaves_other_baselines_alone(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        from burn import burn

        def test_one(): burn(0.02)
        def test_two(): burn(0.02)
        """
    )
    carbon("--carbon-update")
    (stored,) = (pytester.path / "baselines").glob("*.json")
    before = stored.read_text()
    assert "::test_one" in before
    assert "::test_two" in before
    carbon("--carbon-update", "-k", "one")
    assert "::test_two" in stored.read_text()


def test_failed_tests_are_not_stored(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        from burn import burn

        def test_good(): burn(0.02)
        def test_bad(): burn(0.02); assert 0
        """
    )
    carbon("--carbon-update").assert_outcomes(passed=1, failed=1)
    (stored,) = (pytester.path / "baselines").glob("*.json")
    assert "::test_good" in stored.read_text()
    assert "::test_bad" not in stored.read_text()


def test_a_rise_is_stored_only_by_all(pytester: pytest.Pytester, carbon: Run) -> None:
    cost = "from burn import burn\ndef test_one(): burn({})\n"
    pytester.makepyfile(test_cost=cost.format(0.01))
    carbon("--carbon-update")
    (stored,) = (pytester.path / "baselines").glob("*.json")
    before = stored.read_text()
    pytester.makepyfile(test_cost=cost.format(0.1))
    for mode in ("new", "changed", "tighten"):
        carbon(f"--carbon-update={mode}").assert_outcomes(passed=1)
        assert stored.read_text() == before, mode
    carbon("--carbon-diff").stdout.fnmatch_lines(["*raised*test_cost.py::test_one*"])
    assert stored.read_text() == before
    carbon("--carbon-update=all")
    assert stored.read_text() != before


@pytest.mark.parametrize("content", ["not json", '{"schema": 999}', "{}", "[1, 2]"])
def test_an_unusable_file_stops_the_run_and_stays_as_it_was(
    pytester: pytest.Pytester, carbon: Run, content: str
) -> None:
    pytester.makepyfile("def test_one(): open('ran', 'w').close()")
    carbon("--carbon-update")
    (pytester.path / "ran").unlink()
    (stored,) = (pytester.path / "baselines").glob("*.json")
    stored.write_text(content)
    result = carbon()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{stored.name}*"])
    assert stored.read_text() == content
    assert not (pytester.path / "ran").exists()


def test_what_is_stored_of_looks_had_fixtures_of_its_own_in_every_run(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        SEEN = []

        @pytest.fixture
        def database():
            state = {"open": True}
            yield state
            state["open"] = False

        def test_asks(database):
            burn(0.02)
            assert database["open"]
            assert all(one is not database for one in SEEN)
            SEEN.append(database)

        def test_ran_once():
            assert len(SEEN) == 1
        """
    )
    carbon("--carbon-update").assert_outcomes(passed=2)
    stored = json.loads(next((pytester.path / "baselines").glob("*.json")).read_text())
    (entry,) = (entry for test, entry in stored["test"].items() if test.endswith("::test_asks"))
    assert entry["first"]["samples"] == 1
    assert entry["look"]["samples"] == 1
