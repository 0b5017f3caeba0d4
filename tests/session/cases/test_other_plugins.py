"""S7, S9 to S12: plugins that run tests themselves do so, and what they run is measured."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.cases.conftest import Suite

    WithPlugins = Callable[..., None]


@pytest.mark.slow
def test_given_on_a_method_is_convicted_like_a_function(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    """Hypothesis takes another object for a mistake, and unittest makes one for each run."""
    with_plugins("hypothesispytest")
    pytester.makepyfile(
        """
        import unittest

        from hypothesis import given, settings, strategies as st
        from work import note, work

        few = settings(max_examples=3, deadline=None, database=None, derandomize=True)

        class TestIt:
            @few
            @given(st.integers())
            def test_method(self, number): note("method"); work()

        class TestCase(unittest.TestCase):
            @few
            @given(st.integers())
            def test_case(self, number): note("case"); work()

        @few
        @given(st.integers())
        def test_function(number): note("function"); work()
        """
    )
    suite.costs = 0.004, 0.024
    suite.is_undisturbed(passed=3, regressed=3)


def test_flaky_runs_a_test_as_often_as_it_likes(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    """What it runs is measured; one that passes only the second time leaves a doubt."""
    with_plugins("flaky")
    pytester.makepyfile(
        """
        from flaky import flaky
        from work import note, work

        N = []

        @flaky(max_runs=3)
        def test_flaky(): note("flaky"); work(); N.append(1); assert len(N) >= 2

        @flaky(max_runs=3)
        def test_marked(): note("marked"); work()

        def test_plain(): note("plain"); work()
        """
    )
    assert suite.plain().parseoutcomes() == {"passed": 3}
    ran = suite.ran
    for run in (suite.store, suite.unchanged):
        result = run()
        assert result.parseoutcomes() == {"passed": 3}
        assert result.ret == pytest.ExitCode.OK
        assert suite.ran == ran
    gated = suite.gate()
    assert gated.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.ran == ran
    assert suite.verdict("test_flaky") == "inconclusive"
    assert suite.verdict("test_marked") == suite.verdict("test_plain") == "regressed"


def test_a_runner_in_a_conftest_keeps_its_tests(pytester: pytest.Pytester, suite: Suite) -> None:
    """Any plugin that implements the protocol, known or not; it may leave tests to others."""
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol
        from work import note

        def pytest_runtest_protocol(item, nextitem):
            if "mine" not in item.name:
                return None
            note("my protocol")
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            runtestprotocol(item, nextitem=nextitem)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        """
    )
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        @pytest.fixture
        def thing():
            note("up")
            yield
            note("down")

        def test_mine(thing): note("mine"); work()
        def test_other(thing): note("other"); work()
        def test_mine_fails(thing): note("fails"); assert 0
        """
    )
    assert suite.plain().parseoutcomes() == {"passed": 2, "failed": 1}
    ran = suite.ran
    suite.store()
    assert suite.ran == ran
    gated = suite.gate()
    assert suite.ran == ran
    assert gated.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.count("regressed") == 2


def test_codspeed_benchmarks_what_is_marked(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    with_plugins("codspeed")
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        @pytest.mark.benchmark
        def test_marked(): note("marked"); work()

        def test_plain(): note("plain"); work()
        """
    )
    few = ("--codspeed", "--codspeed-max-rounds=2", "--codspeed-warmup-time=0")
    for run in (suite.plain, suite.store, suite.gate):
        result = run(*few)
        result.stdout.fnmatch_lines(["*1 benchmarked*"])
        assert suite.ran["marked"] > 1


def test_what_a_benchmark_costs_is_measured_and_not_gated(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    """pytest-benchmark runs a function as often as fits into a second."""
    with_plugins("benchmark")
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        def test_bench(benchmark): note("bench"); benchmark(work)
        def test_plain(): note("plain"); work()

        @pytest.mark.carbon_budget(mj=0.01)
        def test_over(benchmark): note("over"); benchmark(work)
        """
    )
    few = ("--benchmark-min-rounds=2", "--benchmark-max-time=0.001", "-k", "not over")
    gated = suite.is_undisturbed(*few, passed=2, deselected=1, regressed=1)
    assert suite.verdict("test_bench") == ""
    assert suite.verdict("test_plain") == "regressed"
    energy_j = suite.test("test_bench").total.energy_j
    assert energy_j is not None
    assert energy_j > 0
    gated.stdout.fnmatch_lines(["*1 test uses the fixture benchmark*measured, not gated*"])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_tests_in_forks_are_measured_stored_and_gated(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    with_plugins("pytest_forked")
    # On pytest 9.2 a node id is an object, which pytest-forked 1.7 cannot send by itself.
    pytester.makeconftest(
        """
        import pytest_forked

        serialize = pytest_forked.serialize_report

        def pytest_sessionstart():
            def serialize_report(report):
                plain = {**serialize(report), "nodeid": str(report.nodeid)}
                plain.pop("_id", None)
                return plain
            pytest_forked.serialize_report = serialize_report
        """
    )
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        def test_a(): note("a"); work()

        @pytest.mark.carbon_budget(mj=50)
        def test_over(): note("over"); work()
        """
    )
    assert suite.plain("--forked").parseoutcomes() == {"passed": 2}
    ran = suite.ran
    stored = suite.store("--forked")
    assert stored.ret == pytest.ExitCode.OK, stored.stdout.str()
    assert suite.ran == ran
    gated = suite.gate("--forked")
    assert gated.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.ran == ran
    assert suite.verdict("test_a") == "regressed"
    assert suite.verdict("test_over") in {"regressed", "over budget"}


FIXTURE = """
    import pytest
    from work import note, work

    TRIES = []

    @pytest.fixture
    def thing():
        yield
        note("down")
        work()

    def test_a(thing): note("a")

    def test_third_time(thing):
        note("third")
        TRIES.append(1)
        work()
        assert len(TRIES) == 3
"""


def test_reruns_are_measured_whole(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    """With the tear-down of fixtures, in JUnit, and with attempts that did not count."""
    with_plugins("rerunfailures")
    pytester.makepyfile(FIXTURE)
    reruns = ("--reruns=2", "--junitxml=junit.xml")
    plain = suite.plain(*reruns).parseoutcomes()
    assert plain == {"passed": 2, "rerun": 2}
    ran = suite.ran
    assert suite.store(*reruns).parseoutcomes() == plain
    assert suite.ran == ran
    for case in ET.parse(pytester.path / "junit.xml").iter("testcase"):
        names = {p.get("name") for p in case.iter("property")}
        assert "carbon.energy_j" in names, (case.get("name"), names)
    earlier = [s for s in suite.result.of(Kind.RUNNER) if "other runs" in s.subject.id]
    assert earlier[0].total.cpu_s >= 2 * 2 * 0.01
    # The same figure without the plugin's runner.
    assert suite.unchanged("-k", "test_a").ret == pytest.ExitCode.OK
    assert suite.verdict("test_a") == "ok"
    assert suite.test("test_a").total.cpu_s >= 0.01
    gated = suite.gate(*reruns)
    assert gated.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.ran == ran
    assert suite.verdict("test_a") == "regressed"


def test_fixtures_that_are_shown_are_measured_whole(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        @pytest.fixture
        def thing():
            yield
            note("down")
            work()

        def test_a(thing): note("a")
        """
    )
    shown = ("--setup-show", "--junitxml=junit.xml")
    suite.plain(*shown)
    ran = suite.ran
    stored = suite.store(*shown)
    stored.stdout.fnmatch_lines(["*SETUP    F thing*", "*::test_a (fixtures used: thing)*"])
    assert suite.ran == ran
    (case,) = ET.parse(pytester.path / "junit.xml").iter("testcase")
    assert "carbon.energy_j" in {p.get("name") for p in case.iter("property")}
    assert suite.unchanged().ret == pytest.ExitCode.OK
    assert suite.verdict("test_a") == "ok"
    assert suite.gate(*shown).ret == pytest.ExitCode.TESTS_FAILED
    assert suite.verdict("test_a") == "regressed"


def test_a_test_that_pytest_retry_has_retried_is_gated(
    pytester: pytest.Pytester, suite: Suite, with_plugins: WithPlugins
) -> None:
    """Its retries run while the first attempt is reported."""
    with_plugins("pytest-retry")
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        TRIES = []

        @pytest.mark.flaky(retries=2)
        @pytest.mark.carbon_budget(mj=0.01)
        def test_second_time(): note("second"); TRIES.append(1); work(); assert len(TRIES) == 2

        @pytest.mark.flaky(retries=2)
        def test_at_once(): note("once"); work()
        """
    )
    plain = suite.plain().parseoutcomes()
    ran = suite.ran
    result = suite.unchanged()
    assert suite.ran == ran
    assert plain["retried"] == result.parseoutcomes()["retried"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED, result.stdout.str()
    suite.store()
    assert suite.ran == ran
    suite.gate()
    assert suite.ran == ran
    assert suite.verdict("test_at_once") == "regressed"


def test_each_worker_of_each_is_in_the_total(pytester: pytest.Pytester, suite: Suite) -> None:
    pytester.makepyfile('from work import note, work\ndef test_a(): note("a"); work()\n')
    suite.store("-n2", "--dist=each")
    assert suite.ran == {"a": 2}
    total = suite.result.total
    assert total is not None
    alone = [s.total.cpu_s for s in suite.result.of(Kind.TEST)]
    earlier = [s for s in suite.result.of(Kind.RUNNER) if "other runs" in s.subject.id]
    assert sum(alone) + earlier[0].total.cpu_s >= 2 * 0.01
    assert suite.test("test_a").times == 2


HEARS = """
import os
from work import note

def pytest_runtest_logreport(report):
    if os.environ["HEARS"] in os.environ:
        note(f"{where} {{report.nodeid}} {{report.when}}")
"""


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["serial", "worker"])
def test_conftest_files_hear_of_suspects_what_they_hear_of_others(
    pytester: pytest.Pytester,
    suite: Suite,
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
) -> None:
    """Those of other folders nothing, those in a worker all of it."""
    monkeypatch.setenv("HEARS", "PYTEST_XDIST_WORKER" if workers else "PATH")
    for folder in ("one", "two"):
        (pytester.mkdir(folder) / f"test_{folder}.py").write_text(
            'from work import note, work\ndef test_a(): note("a"); work()\n'
        )
        (pytester.path / folder / "conftest.py").write_text(HEARS.format(where=folder))
    suite.plain("--import-mode=importlib", *workers)
    heard = suite.ran
    assert heard["one one/test_one.py::test_a call"] == 1
    assert heard["two one/test_one.py::test_a call"] == 0
    suite.store("--carbon-confirm-time=0", "--import-mode=importlib", *workers)
    assert suite.ran == heard
    gated = suite.gate("--carbon-confirm-time=0", "--import-mode=importlib", *workers)
    gated.assert_outcomes(passed=2)
    assert suite.count("inconclusive") == 2
    assert suite.ran == heard


def test_a_suspects_report_keeps_what_plugins_have_added(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """Whatever pytest-xdist can send, and in the type that it had."""
    pytester.makeconftest(
        """
        import pytest
        from work import note

        WORKERS = []

        def pytest_configure(config):
            WORKERS.extend([config] if hasattr(config, "workerinput") else [])

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            report.added = {1: (b"bytes", {2, 3})}
            report.user_properties.append(("owner", "me"))
            return report

        def pytest_runtest_logreport(report):
            if not WORKERS and report.when == "call":
                note(f"{report.added} {report.user_properties[0]} {report.sections[0]}")
        """
    )
    pytester.makepyfile(
        'from work import work\nimport pytest\ndef test_a(): print("said"); work()\n'
    )
    suite.plain("-n1")
    told = suite.ran
    assert len(told) == 1
    suite.store("-n1")
    gated = suite.gate("-n1", "--durations=0", "-vv")
    gated.assert_outcomes(failed=1)
    assert suite.verdict("test_a") == "regressed"
    assert not suite.result.faults
    assert suite.ran == told
    assert len([line for line in gated.outlines if "s setup " in line]) == 1
