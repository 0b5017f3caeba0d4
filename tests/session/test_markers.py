"""Markers that are wrong stop the run before any test, and say what to type."""

from __future__ import annotations

import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "has no unit: give exactly one*"),
        ("g=1, j=1", "has 2 units: give exactly one*"),
        ("5", "needs a unit: write*"),
        ("kg=1", "does not know the unit 'kg': use one of g, mg, ug, j, mj, wh"),
        ("mg='1'", "has mg='1', not a number*"),
        ("mg=True", "has mg=True, not a number*"),
        ("mg=-1", "has mg=-1: a budget is more than 0*"),
        ("mg=10**400", "has mg=10000000000000000000…, too large: write *"),
        ("mg=float('nan')", "has mg=nan: a budget is more than 0*"),
    ],
)
def test_bad_budget(pytester: pytest.Pytester, arguments: str, message: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        def test_runs_not(): open("ran", "w").close()

        @pytest.mark.carbon_budget({arguments})
        def test_one(): pass
        """
    )
    result = pytester.run(sys.executable, "-m", "pytest", "--carbon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *test_one: marker carbon_budget {message}"])
    assert not (pytester.path / "ran").exists()


def test_bad_budget_under_xdist_is_said_by_the_controller(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_runs_not(): open("ran", "w").close()

        @pytest.mark.carbon_budget()
        def test_one(): pass
        """
    )
    result = pytester.run(sys.executable, "-m", "pytest", "--carbon", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["ERROR: *test_one: marker carbon_budget has no unit*"])
    assert not (pytester.path / "ran").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tolerance=-0.1", "*negative*"),
        ("0.5", "takes named arguments only*"),
        ("tolerance=None, colour=1", "does not know 'colour'*"),
        ("skip=1", "has skip=1*"),
        ("tolerance=float('nan')", "has tolerance=nan*"),
    ],
)
def test_bad_carbon_marker(pytester: pytest.Pytester, arguments: str, message: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.carbon({arguments})
        def test_one(): pass
        """
    )
    result = pytester.run(sys.executable, "-m", "pytest", "--carbon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *test_one: marker carbon {message}"])
