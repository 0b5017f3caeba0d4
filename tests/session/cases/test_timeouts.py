"""S1: what measures again runs in nobody's timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.session.cases.conftest import Suite


def test_timers_of_one_test_do_not_span_its_looks(
    pytester: pytest.Pytester, suite: Suite, with_plugins: Callable[..., None]
) -> None:
    """All looks together take longer than the timers; no run of the test does."""
    with_plugins("timeout")
    pytester.makepyfile(
        """
        from work import note, work

        def test_a(): note("a"); work()
        def test_b(): note("b")
        """
    )
    dump = ("-o", "faulthandler_timeout=2.5", "-o", "faulthandler_exit_on_timeout=true")
    gated = suite.is_undisturbed("--timeout=2.5", *dump, passed=2, regressed=1)
    threads = suite.gate("--timeout=2.5", "--timeout-method=thread")
    threads.assert_outcomes(passed=1, failed=1)
    assert suite.verdict("test_a") == "regressed"
    for result in (gated, threads):
        result.stdout.no_fnmatch_line("*Timeout*")


def test_a_test_that_takes_too_long_fails_by_its_timer(
    pytester: pytest.Pytester, suite: Suite, with_plugins: Callable[..., None]
) -> None:
    with_plugins("timeout")
    pytester.makepyfile(
        """
        import threading
        from work import note

        def test_a(): note("a"); threading.Event().wait()
        def test_b(): note("b")
        """
    )
    for run in (suite.plain, suite.unchanged):
        result = run("--timeout=0.5")
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*Failed: Timeout (>0.5s) from pytest-timeout."])
        assert suite.ran == {"a": 1, "b": 1}
