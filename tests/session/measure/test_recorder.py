"""Whom a cost is charged to."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]


def figures(path: Path) -> dict[str, dict[str, str]]:
    """The carbon properties of every test case of a JUnit file."""
    return {
        case.get("name", ""): {
            p.get("name", "").removeprefix("carbon."): p.get("value", "")
            for p in case.iter("property")
        }
        for case in ET.parse(path).iter("testcase")
    }


def measure(pytester: pytest.Pytester, run: Run, *args: str) -> dict[str, dict[str, str]]:
    run(*args, "--junitxml=junit.xml")
    return figures(pytester.path / "junit.xml")


def test_sleeping_costs_next_to_nothing(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import time
        from burn import burn

        def test_sleeps(): time.sleep(0.1)
        def test_burns(): burn(0.1)
        """
    )
    tests = measure(pytester, carbon)
    sleeps, burns = float(tests["test_sleeps"]["energy_j"]), float(tests["test_burns"]["energy_j"])
    assert burns > 20 * sleeps > 0


def test_a_subprocess_belongs_to_its_test(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import subprocess, sys

        def test_launches():
            subprocess.run([sys.executable, "-c", "from burn import burn; burn(1)"], check=True)
        """
    )
    tests = measure(pytester, carbon)
    # An interpreter's own start is a few hundredths of a second.
    assert float(tests["test_launches"]["cpu_s"]) == pytest.approx(1.0, rel=0.1)


SHARED = """
    import pytest
    from burn import burn

    @pytest.fixture(scope="session")
    def database():
        burn(0.5)
        yield
        burn(0.2)

    def test_first(database): burn(0.05)
    def test_second(database): burn(0.05)
    def test_last(database): burn(0.05)
"""


def test_a_session_fixture_is_charged_to_nobody_else(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    path = pytester.makepyfile(SHARED)
    names = ["test_first", "test_second", "test_last"]
    reverse = [f"{path.name}::{name}" for name in reversed(names)]
    for args in ((), ("-k", "last"), reverse):
        result = carbon("--junitxml=junit.xml", *args)
        for name, test in figures(pytester.path / "junit.xml").items():
            assert name in names
            assert float(test["cpu_s"]) < 0.15
        result.stdout.re_match_lines([r".*::database \(fixture\) .* [67]\d\d ms .*"])


def test_phases_are_told_apart(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.fixture
        def resource():
            burn(0.1)
            yield
            burn(0.2)

        def test_uses(resource): burn(0.05)
        """
    )
    test = measure(pytester, carbon)["test_uses"]
    setup, call, teardown = (float(test[f"{p}_j"]) for p in ("setup", "call", "teardown"))
    assert call < setup < teardown
    assert setup + call + teardown == pytest.approx(float(test["energy_j"]), rel=1e-4)


def test_a_fixture_asked_for_inside_a_call_is_not_the_call(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.fixture(scope="module")
        def late(): burn(0.3)

        def test_asks(request): request.getfixturevalue("late")
        """
    )
    result = carbon("--junitxml=junit.xml")
    assert float(figures(pytester.path / "junit.xml")["test_asks"]["cpu_s"]) < 0.1
    result.stdout.fnmatch_lines(["*::late (fixture) *"])


def test_outcomes_are_those_of_plain_pytest(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import unittest
        import pytest

        def test_passes(): pass
        def test_fails(): assert 0
        @pytest.mark.skip
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_xfails(): assert 0
        @pytest.mark.xfail
        def test_xpasses(): pass
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass
        @pytest.fixture
        def broken(): raise RuntimeError
        def test_error(broken): pass
        @pytest.fixture
        def breaks_later():
            yield
            raise RuntimeError
        def test_teardown_error(breaks_later): pass
        class TestCase(unittest.TestCase):
            def setUp(self): self.x = 1
            def test_unit(self): self.assertEqual(self.x, 1)
            @unittest.skip("no")
            def test_unit_skipped(self): pass
            @unittest.expectedFailure
            def test_unit_xfails(self): self.fail()
        """
    )
    outcomes = {
        "passed": 3, "failed": 2, "errors": 2, "skipped": 2, "xfailed": 2, "xpassed": 1,
    }  # fmt: skip
    carbon().assert_outcomes(**outcomes)
    carbon("-n", "2").assert_outcomes(**outcomes)
    pytester.runpytest_subprocess().assert_outcomes(**outcomes)


def test_an_interrupt_in_a_teardown_keeps_the_report(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def interrupted():
            yield
            raise KeyboardInterrupt

        def test_one(interrupted): pass
        """
    )
    result = carbon()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_test_that_closes_our_files_still_passes(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import os
        from burn import burn

        def test_closes():
            for fd in range(5, 200):
                try: os.close(fd)
                except OSError: pass

        def test_after(): burn(0.01)
        """
    )
    result = carbon("-s")
    result.assert_outcomes(passed=2)


def test_skip_marker_leaves_a_test_out(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.carbon(skip=True)
        def test_left_out(): pass
        def test_measured(): pass
        """
    )
    tests = measure(pytester, carbon)
    assert "energy_j" not in tests["test_left_out"]
    assert "energy_j" in tests["test_measured"]


def test_workers_give_the_same_set_of_results(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        test_one=SHARED,
        test_two="""
            import pytest
            from burn import burn

            @pytest.mark.parametrize("n", range(4))
            def test_many(n, tmp_path): burn(0.01)

            @pytest.mark.xdist_group("together")
            def test_grouped(): burn(0.01)
            """,
    )
    alone = measure(pytester, carbon, "-n", "0")
    assert len(alone) == 8
    for dist in ("load", "loadgroup"):
        workers = measure(pytester, carbon, "-n", "2", "--dist", dist)
        # Before pytest 9, loadgroup puts the group's name behind the test's.
        assert {name.partition("@")[0] for name in workers} == set(alone)
        for test in workers.values():
            assert float(test["energy_j"]) > 0
            assert set(alone["test_first"]) <= set(test)


def test_a_long_session_fixture_row_counts_its_lives(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(SHARED)
    carbon("-n", "2").stdout.fnmatch_lines(["*::database (fixture, 2 times) *"])
    carbon("-n", "0").stdout.fnmatch_lines(["*::database (fixture) *"])


def test_quiet_shows_totals_only(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile("from burn import burn\ndef test_one(): burn(0.01)")
    carbon("-q").stdout.no_fnmatch_line("*costliest*")
    carbon().stdout.fnmatch_lines(["*costliest*", "*::test_one *"])
    carbon("--carbon-rows=0").stdout.no_fnmatch_line("*costliest*")


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_session_totals_are_properties_of_the_suite(
    pytester: pytest.Pytester, carbon: Run, family: str
) -> None:
    pytester.makepyfile("def test_one(): pass")
    carbon("--junitxml=junit.xml", "-o", f"junit_family={family}")
    suite = ET.parse(pytester.path / "junit.xml").find("testsuite")
    assert suite is not None
    properties = suite.find("properties")
    assert properties is not None
    totals = {p.get("name"): p.get("value") for p in properties}
    assert float(totals["carbon.energy_j"] or 0) > 0
    assert totals["carbon.intensity_g_per_kwh"] == "458"
