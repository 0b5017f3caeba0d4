"""S2: whatever a second run of a test does, it does it to a look, and the run ends as it would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.session.cases.conftest import Suite


@pytest.mark.slow
def test_a_second_run_that_hangs_is_ended(pytester: pytest.Pytester, suite: Suite) -> None:
    pytester.makepyfile(
        """
        import queue
        from work import note, work

        Q = queue.Queue()
        Q.put(1)

        def test_a(): note("a"); work(); Q.get()
        """
    )
    suite.store().assert_outcomes(passed=1)
    assert suite.ran == {"a": 1}
    gated = suite.gate()
    gated.assert_outcomes(passed=1)
    assert suite.ran == {"a": 1}
    gated.stdout.fnmatch_lines(["inconclusive: *::test_a*; *: it did not end in time"])


@pytest.mark.slow
def test_a_second_run_that_ends_its_process_or_fails_changes_nothing(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """Not for the test, which passes the first time that it runs anywhere, nor for others.

    First runs alone never convict, as they pay for imports and caches: they leave a doubt.
    """
    pytester.makepyfile(
        """
        import os
        import signal
        import pytest
        from work import note, work

        RUNS = []

        def ends(how):
            note(how.__name__)
            work()
            RUNS.append(how)
            if RUNS.count(how) > 1:
                how()

        def leave(): os._exit(7)
        def kill(): os.kill(os.getpid(), signal.SIGKILL)
        def interrupt(): raise KeyboardInterrupt
        def stop(): pytest.exit("enough")
        def fail(): assert RUNS == [fail]
        def skip(): pytest.skip("enough")
        def go_on(): pass

        @pytest.mark.parametrize("how", [leave, kill, interrupt, stop, fail, skip, go_on])
        def test_ending(how): ends(how)
        """
    )
    gated = suite.is_undisturbed(passed=7, regressed=1, inconclusive=6)
    assert suite.verdict("test_ending[go_on]") == "regressed"
    gated.stdout.fnmatch_lines_random(
        [
            "inconclusive: *leave*the test cannot run twice in one process*exit status 7",
            "inconclusive: *kill*signal 9",
            "inconclusive: *interrupt*exit status 2",
            "inconclusive: *stop*exit status 2",
            "inconclusive: *fail*it failed (assert *",
            "inconclusive: *skip*it was skipped*",
        ]
    )
    gated.stdout.no_fnmatch_line("*KeyboardInterrupt*")
