"""S6, S8: the session has no more processes, and no more forks, than without carbon."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.session.cases.conftest import Suite

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


def test_nobody_else_is_there_to_hold_or_to_be_seen(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """Not the end of a pipe, no lock; no child of ours, and no call of what forks call."""
    # The first process of a container, and a subreaper, become parents of what is left behind.
    pytester.makeconftest(
        """
        import ctypes
        import os
        from work import note

        if hasattr(ctypes.CDLL(None), "prctl"):
            ctypes.CDLL(None).prctl(36, 1)

        os.register_at_fork(before=lambda: note("a fork"), after_in_child=lambda: note("a child"))
        """
    )
    pytester.makepyfile(
        test_things="""
        import fcntl
        import os
        import psutil
        import pytest
        from work import note, work

        R, W = os.pipe()
        FILE = open("lock", "w")
        fcntl.flock(FILE, fcntl.LOCK_EX)

        def test_pipe(): note("pipe"); work(); os.close(W); assert os.read(R, 1) == b""

        def test_lock():
            note("lock")
            work()
            FILE.close()
            with open("lock", "w") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

        def test_children():
            note("children")
            work()
            assert psutil.Process().children() == []
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
        """,
        # Held until the session ends, as by a suite that must not run twice.
        test_kept="""
        import fcntl
        from work import note, work

        FILE = open("kept", "w")
        fcntl.flock(FILE, fcntl.LOCK_EX | fcntl.LOCK_NB)

        def test_kept(): note("kept"); work()
        """,
    )
    # The helper that probes the speed is no child, either.
    gated = suite.is_undisturbed("-o", "carbon_speed=auto", passed=4, regressed=2, inconclusive=2)
    assert not suite.ran["a fork"]
    # What no look could measure twice is said.
    gated.stdout.fnmatch_lines_random(
        [
            "inconclusive: *::test_kept*measured again: it is not collected*",
            "inconclusive: *::test_pipe*the test cannot run twice in one process*",
        ]
    )


def test_a_forked_child_that_comes_back_to_pytest_runs_what_it_ran(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    pytester.makepyfile(
        """
        import os
        from work import note, work

        def test_a():
            # Much, beside what a child does when it comes to its end.
            for _ in range(4):
                work()
            child = os.fork()
            note("a")
            if child:
                assert os.waitpid(child, 0)[1] == 0

        def test_b(): note("b")
        """
    )
    suite.costs = 0.01, 0.1
    for run in (suite.plain, suite.store, suite.gate):
        run("-o", "carbon_speed=auto")
        assert suite.ran == {"a": 2, "b": 2}
    assert suite.verdict("test_a") == "regressed"
    # Two processes in each run: none of the children goes on to repeat.
    assert suite.again["a"] <= 2 * suite.result.looks * 5
