"""Plugins that shuffle tests change no verdict."""

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
