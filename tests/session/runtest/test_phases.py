"""A test's phases, as other plugins see them: with carbon as without it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

# Writes down what other plugins are told, in their order.
CONFTEST = """
    import os

    def note(*words):
        with open(os.environ["TOLD"], "a") as file: print(*words, file=file)

    def pytest_runtest_logstart(nodeid): note("start", nodeid)
    def pytest_runtest_logfinish(nodeid): note("finish", nodeid)
    def pytest_runtest_logreport(report):
        note("report", report.nodeid, report.when, report.outcome, bool(report.longrepr))
    def pytest_exception_interact(node, call):
        note("raised", node.name, call.when, call.excinfo.typename)
    def pytest_runtest_setup(item): note("setup", item.name)
    def pytest_runtest_call(item): note("call", item.name)
    def pytest_runtest_teardown(item, nextitem):
        note("teardown", item.name, nextitem and nextitem.name)
    def pytest_fixture_setup(fixturedef): note("made", fixturedef.argname)
    def pytest_fixture_post_finalizer(fixturedef): note("ended", fixturedef.argname)
    def pytest_warning_recorded(warning_message): note("warned", warning_message.message)
"""

SUITE = """
    import unittest, warnings
    import pytest

    @pytest.fixture(scope="session")
    def wide(): yield

    @pytest.fixture
    def own(wide): yield

    @pytest.fixture
    def breaks(): raise OSError

    @pytest.fixture
    def breaks_late():
        yield
        raise OSError

    def test_passes(own): warnings.warn("careful")
    def test_fails(own): assert 0
    def test_error(breaks): pass
    def test_late(breaks_late): pass
    def test_fails_and_late(breaks_late): assert 0
    def test_skips(): pytest.skip()
    @pytest.mark.skip
    def test_skipped(): pass
    @pytest.mark.xfail
    def test_xfails(): assert 0
    @pytest.mark.xfail
    def test_xpasses(): pass
    @pytest.mark.xfail(strict=True)
    def test_strict(): pass
    @pytest.mark.parametrize("n", [1, 2])
    def test_many(n, own): pass

    class TestCase(unittest.TestCase):
        def test_unit(self): pass
        def test_unit_fails(self): self.fail()
        def test_subtests(self):
            with self.subTest(): self.fail()
"""


@pytest.mark.parametrize("arguments", [(), ("-x",), ("--maxfail=2",), ("--stepwise",), ("-s",)])
def test_all_are_told_the_same_in_the_same_order(
    pytester: pytest.Pytester,
    carbon: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_it=SUITE)
    monkeypatch.setenv("TOLD", "plain.txt")
    plain = pytester.run(
        *(sys.executable, "-m", "pytest", "-p", "no:randomly", "-o", "cache_dir=plain", *arguments)
    )
    monkeypatch.setenv("TOLD", "carbon.txt")
    measured = carbon("-o", "cache_dir=carbon", *arguments)
    assert measured.ret == plain.ret
    assert measured.parseoutcomes() == plain.parseoutcomes()
    expected = (pytester.path / "plain.txt").read_text().splitlines()
    told = (pytester.path / "carbon.txt").read_text().splitlines()
    assert told == expected


def test_what_frames_of_a_test_hold_is_gone_when_its_fixtures_end(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    """An exception keeps the frames that it came through, for as long as anybody keeps it."""
    pytester.makepyfile(
        """
        import gc, weakref
        import pytest

        class Thing: pass

        @pytest.fixture
        def things():
            made = []
            def make():
                thing = Thing()
                made.append(weakref.ref(thing))
                return thing
            yield make
            gc.collect()
            assert made[0]() is None

        def test_passes(things): thing = things()
        def test_skips(things): thing = things(); pytest.skip()
        def test_xfails(things): thing = things(); pytest.xfail()
        def test_exits(things): thing = things(); raise SystemExit(1)
        """
    )
    carbon().assert_outcomes(passed=1, skipped=1, xfailed=1, failed=1)


def test_an_interrupt_in_a_teardown_does_not_lose_the_call(
    pytester: pytest.Pytester, carbon: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLD", "told.txt")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.fixture
        def interrupted():
            yield
            raise KeyboardInterrupt

        def test_one(interrupted): pass
        """
    )
    assert carbon().ret == pytest.ExitCode.INTERRUPTED
    told = (pytester.path / "told.txt").read_text().splitlines()
    assert "report test_it.py::test_one call passed False" in told


def test_a_debugger_is_entered_where_it_would_be(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        debugger="""
        import pdb

        class Debugger(pdb.Pdb):
            def interaction(self, *_): print("entered")
        """,
        test_it="def test_one(): assert 0\ndef test_two(): pass",
    )
    result = carbon("--pdb", "--pdbcls=debugger:Debugger")
    result.stdout.fnmatch_lines(["entered"])
    result.assert_outcomes(passed=1, failed=1)
