"""Another order of tests changes no verdict, and late reports let no test be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.cases.conftest import Suite


ORDERS = {
    "randomly": ("--randomly-seed=3",),
    "random_order": ("--random-order", "--random-order-seed=3"),
}


@pytest.mark.slow
def test_verdicts_are_the_same_in_any_order(
    pytester: pytest.Pytester, suite: Suite, with_plugins: Callable[..., None]
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn
        from work import work

        @pytest.fixture(scope="module", autouse=True)
        def shared(): burn(0.02)

        @pytest.mark.parametrize("n", range(6))
        def test_same(n): burn(0.01)

        def test_changed(): work()
        """
    )
    suite.store().assert_outcomes(passed=7)
    in_order = [s.subject.id for s in suite.result.of(Kind.TEST)]
    for plugin, options in ORDERS.items():
        with_plugins(plugin)
        suite.gate(*options).assert_outcomes(passed=6, failed=1)
        assert [s.subject.id for s in suite.result.of(Kind.TEST)] != in_order
        assert suite.verdict("test_changed") == "regressed"


def test_stepwise_goes_on_from_the_first_test_that_regressed(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """It takes the last failure that is reported for the place where the run has stopped."""
    pytester.makepyfile(
        """
        from work import note, work

        def test_same(): note("same")
        def test_first(): note("first"); work()
        def test_second(): note("second"); work()
        """
    )
    suite.store()
    suite.gate("--stepwise").assert_outcomes(passed=1, failed=2)
    assert suite.count("regressed") == 2
    suite.plain("--stepwise").assert_outcomes(passed=2, deselected=1)
    assert suite.ran == {"first": 1, "second": 1}
