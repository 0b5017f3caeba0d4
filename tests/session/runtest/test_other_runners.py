"""Beside plugins that run the protocol of a test themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result
from pytest_carbon.session.runtest.other_runners import OtherRunners

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]


class Ours:
    """Stands for the plugin of ours that runs tests."""

    def pytest_runtest_protocol(self) -> None:
        raise AssertionError("it is not another one")


class Wraps:
    """Looks on, and runs no test."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Any:
        return (yield)


class Takes:
    """Runs a test, or leaves it to the next one."""

    def __init__(self, answer: bool | None, seen: list[object]) -> None:
        self.answer = answer
        self.seen = seen

    def pytest_runtest_protocol(self, item: object) -> bool | None:
        self.seen += [self.answer, item]
        return self.answer


def others(pytester: pytest.Pytester, *plugins: object, arguments: tuple[str, ...] = ()) -> Any:
    config = pytester.parseconfig(*arguments)
    ours = Ours()
    for plugin in (ours, *plugins):
        config.pluginmanager.register(plugin)
    return OtherRunners(config, ours)


def test_pytest_itself_and_wrappers_are_nobody_else(pytester: pytest.Pytester) -> None:
    assert not others(pytester).exist
    assert not others(pytester, Wraps()).exist
    assert others(pytester, Takes(True, [])).exist


@pytest.mark.parametrize("option", ["--setup-show", "--setup-only"])
def test_fixtures_are_shown_only_in_pytests_own_protocol(
    pytester: pytest.Pytester, option: str
) -> None:
    assert others(pytester, arguments=(option,)).exist


def test_others_are_asked_in_pytests_order_until_one_has_run_it(
    pytester: pytest.Pytester,
) -> None:
    seen: list[object] = []
    item = pytester.getitem("def test_func(): pass")
    ours = Ours()
    plugins = (ours, Takes(False, seen), Takes(True, seen), Takes(None, seen))
    for plugin in plugins:
        item.config.pluginmanager.register(plugin)
    assert OtherRunners(item.config, ours).run(item, None)
    assert seen == [None, item, True, item], "the latest first, and none after the one that ran it"


def test_a_test_that_nobody_else_wants_is_ours(pytester: pytest.Pytester) -> None:
    item = pytester.getitem("def test_func(): pass")
    ours = Ours()
    item.config.pluginmanager.register(ours)
    item.config.pluginmanager.register(Takes(None, []))
    assert not OtherRunners(item.config, ours).run(item, None)


def test_setup_show_keeps_its_output_and_is_measured(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.fixture
        def thing(): burn(0.01)

        def test_one(thing): burn(0.01)
        """
    )
    result = carbon("--setup-show")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*SETUP    F thing*", "*::test_one *"])


def test_a_budget_holds_there_too_and_fails_the_run(pytester: pytest.Pytester, carbon: Run) -> None:
    """The other plugin has logged the test's report already."""
    pytester.makepyfile(
        test_it="""
        import pytest
        from burn import burn

        @pytest.mark.carbon_budget(mj=1)
        def test_greedy(): burn(0.05)
        """
    )
    result = carbon("--setup-show")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["over budget: *::test_greedy*", "FAILED: *::test_greedy: reported before it was judged*"]
    )


def test_attempts_before_the_last_one_have_a_row_of_their_own(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for last in (False, True):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                if last or all(report.passed for report in reports):
                    for report in reports:
                        item.ihook.pytest_runtest_logreport(report=report)
                    break
                item._initrequest()
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        """
    )
    pytester.makepyfile(
        test_it="""
        from burn import burn

        RUNS = []

        def test_flaky():
            RUNS.append(1)
            burn(0.2 if len(RUNS) == 1 else 0.02)
            assert len(RUNS) == 2
        """
    )
    carbon("--carbon-report=json:result.json").assert_outcomes(passed=1)
    result = read_result(pytester.path / "result.json")
    (test,) = result.of(Kind.TEST)
    rows = {row.subject.id: row.total.cpu_s for row in result.of(Kind.RUNNER)}
    assert test.total.cpu_s < 0.1
    assert rows["other runs of the same tests"] > 0.15
