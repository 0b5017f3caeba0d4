"""A run that waits for looks says what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.session.confirm.progress import announcer

if TYPE_CHECKING:
    from collections.abc import Callable

# Announces in the middle of a run, between two tests.
CONFTEST = """
    import pytest
    from pytest_carbon.session.confirm.progress import announcer

    class Announces:
        @pytest.hookimpl(trylast=True)
        def pytest_runtest_logfinish(self, nodeid):
            if nodeid.endswith("test_one"):
                announce([nodeid])
                announce(["test_it.py::test_a", "test_it.py::test_b\\x1b[31m"])

    def pytest_sessionstart(session):
        global announce
        announce = announcer(session.config)
        session.config.pluginmanager.register(Announces())
"""


@pytest.mark.parametrize(
    ("arguments", "lines", "names"), [((), 1, 0), (("-v",), 1, 1), (("-q",), 0, 0)]
)
def test_lines_between_the_dots(
    pytester: pytest.Pytester,
    carbon: Callable[..., pytest.RunResult],
    arguments: tuple[str, ...],
    lines: int,
    names: int,
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_it="def test_one(): pass\ndef test_two(): pass")
    result = carbon(*arguments)
    result.assert_outcomes(passed=2)
    one = "carbon: measuring 1 test again in a fresh process (test_it.py::test_one)"
    assert result.outlines.count(one) == lines
    several = "carbon: measuring 2 tests again in a fresh process"
    assert result.outlines.count(several) == lines
    assert result.outlines.count("carbon:   test_it.py::test_a") == names
    assert "\x1b" not in result.stdout.str()


def test_without_a_terminal_nothing_is_said(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("-p", "no:terminal")
    announcer(config)(["test_it.py::test_one"])
