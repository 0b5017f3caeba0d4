"""A run that waits says what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.session.announce import announcer

if TYPE_CHECKING:
    from collections.abc import Callable


class Announces:
    """Announces in the middle of a run, between two tests."""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if nodeid.endswith("test_one"):
            self.announce([nodeid], 30.0)
            self.announce([nodeid, nodeid], 30.0)

    announce: Callable[[list[str], float], None]

    def pytest_configure(self, config: pytest.Config) -> None:
        self.announce = announcer(config)


@pytest.mark.parametrize(("arguments", "count"), [((), 1), (("-v",), 1), (("-q",), 0)])
def test_lines_between_the_dots(
    pytester: pytest.Pytester, arguments: tuple[str, ...], count: int
) -> None:
    path = pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    result = pytester.runpytest_inprocess(*arguments, plugins=[Announces()])
    result.assert_outcomes(passed=2)
    one = f"carbon: {path.name}::test_one: measuring again in fresh processes, 30 s at most"
    assert result.outlines.count(one) == count
    several = "carbon: 2 short tests: measuring again in fresh processes, 30 s at most"
    assert result.outlines.count(several) == count
    assert "\x1b" not in result.stdout.str()
