"""Beside plugins that run the protocol of a test themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., pytest.RunResult]


def test_setup_show_keeps_its_output_and_is_measured(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.fixture
        def thing(): burn(0.01)

        def test_one(thing): burn(0.01)
        """
    )
    result = carbon("--setup-show")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*SETUP    F thing*", "*::test_one"])


def test_a_budget_holds_there_too(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.mark.carbon_budget(mj=1)
        def test_greedy(): burn(0.05)
        """
    )
    carbon("--setup-show").assert_outcomes(failed=1)
