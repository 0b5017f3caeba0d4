"""S3, S4, S5, S20: no test and no fixture ever sees that something ran again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.session.cases.conftest import Suite


def test_what_tests_leave_behind_is_what_one_run_leaves(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """In memory, in a log file, and on the heap; no debugger opens on a test that passes."""
    pytester.makepyfile(
        """
        import gc
        import logging
        import weakref
        from work import note, work

        class Node: pass

        seen = []
        node = Node()
        node.itself = node

        def test_a(): note("a"); seen.append(1); logging.warning("a is here"); work()
        def test_b(): note("b"); assert seen == [1]

        def test_c():
            global node
            note("c")
            gone = weakref.ref(node)
            del node
            gc.collect()
            assert gone() is None
        """
    )
    log = pytester.path / "log.txt"
    gated = suite.is_undisturbed("--pdb", "--log-file=log.txt", passed=3, regressed=1)
    assert log.read_text().count("a is here") == 1
    assert suite.verdict("test_a") == "regressed"
    assert suite.again["a"] > 1
    gated.stdout.no_fnmatch_line("*(Pdb)*")


def test_looks_do_not_take_away_what_the_session_uses(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """A file at a fixed place is made, and removed, by whoever sets the fixture up."""
    pytester.makeconftest(
        """
        import pathlib
        import sqlite3
        import pytest
        from work import note

        DB = pathlib.Path(__file__).with_name("test.db")
        ENDED = []

        @pytest.fixture(scope="session")
        def db():
            note("up")
            DB.unlink(missing_ok=True)
            c = sqlite3.connect(DB)
            c.execute("create table t(x)")
            c.commit()
            c.close()
            yield DB
            DB.unlink()
            note("down")
            ENDED.append(1)
            assert ENDED == [1]
        """
    )
    pytester.makepyfile(
        """
        import sqlite3
        import pytest
        from work import note, work

        def rows(db):
            c = sqlite3.connect(db)
            try:
                return c.execute("select * from t").fetchall()
            finally:
                c.close()

        @pytest.fixture(scope="module")
        def module():
            note("module up")
            yield
            note("module down")

        def test_work(db): note("work"); rows(db); work()
        def test_read(db): note("read"); rows(db)
        def test_last(db, module): note("last"); rows(db); work()
        """
    )
    gated = suite.is_undisturbed(passed=3, regressed=2)
    assert suite.verdict("test_work") == suite.verdict("test_last") == "regressed"
    assert suite.ran["up"] == suite.ran["down"] == suite.ran["module up"] == 1
    gated.stdout.no_fnmatch_line("*ERROR*")


@pytest.mark.parametrize("mode", ["store", "gate"])
def test_looks_wait_for_no_fixture_that_the_run_left_behind(
    pytester: pytest.Pytester, suite: Suite, mode: str
) -> None:
    """A run that stops with an error in a tear-down ends its wide fixtures only later."""
    pytester.makeconftest(
        """
        import pathlib
        import pytest
        from work import note

        FILE = pathlib.Path(__file__).with_name("in-use")

        @pytest.fixture(scope="session")
        def file():
            FILE.write_text("made")
            yield
            note("still there" if FILE.exists() else "taken away")
            FILE.unlink(missing_ok=True)

        @pytest.fixture
        def breaks_late():
            yield
            raise OSError
        """
    )
    pytester.makepyfile(
        """
        from work import note, work

        def test_work(file): note("work"); work()
        def test_breaks(file, breaks_late): pass
        def test_never(file): note("never")
        """
    )
    suite.store("-k", "work")
    result = suite.gate("-x") if mode == "gate" else suite.store("-x")
    assert result.parseoutcomes() == {"passed": 2, "errors": 1}
    assert suite.ran == {"work": 1, "still there": 1}
    assert not suite.again
    if mode == "gate":
        verdict = suite.test("test_work").verdict
        assert verdict is not None
        assert "before its fixtures" in verdict.reason
    else:
        assert any("before its fixtures" in note for note in suite.result.notes)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
@pytest.mark.cold_start(imports=True)
def test_whatever_a_test_breaks_for_good_is_as_it_was_when_all_have_run(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """Where modules are found, what functions do, how children end; nobody else minds."""
    pytester.makepyfile(
        """
        import builtins
        import os
        import signal
        import sys
        import tempfile
        import time
        from work import note, work

        def test_before(): note("before"); work()

        def test_breaks():
            note("breaks")
            work()
            found = builtins.__import__
            def refuse(name, *args, **kwargs):
                if name in ("tabulate", "shlex", "statistics"):
                    raise ImportError(name)
                return found(name, *args, **kwargs)
            builtins.__import__ = refuse
            for name in [name for name in sys.modules if name.startswith("pytest_carbon")]:
                del sys.modules[name]
            sys.modules["filelock"] = sys.modules["json"] = None
            sys.path[:] = []
            tempfile.tempdir = "/nowhere"
            time.time = time.sleep = time.monotonic = lambda *args: 0
            os.getpid = lambda: 1
            os.umask(0o777)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        def test_after(): note("after"); work()
        """
    )
    suite.is_undisturbed(passed=3, regressed=3)
    assert not suite.result.faults
