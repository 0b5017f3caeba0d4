"""A contract for each private name of pytest: what is relied on, on the version at hand."""

from __future__ import annotations

import json
import unittest
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from _pytest import runner
from _pytest.junitxml import LogXML

from pytest_carbon.session.pytest_private import (
    captured_anew,
    choose_basetemp,
    drop_request,
    end_fixtures,
    failure_repr,
    finalizer_count,
    forget_instance,
    give_request,
    has_live_fixtures,
    is_parameter,
    is_runner_of_pytest,
    junit_xml,
    may_choose_basetemp,
    report_sections,
    run_as_pytest_does,
    typed_here,
    wants_interaction,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def collected(pytester: pytest.Pytester, source: str) -> Sequence[pytest.Item]:
    """The tests of a module, ready to run."""
    return pytester.getitems(source)


def test_a_test_gets_a_request_and_loses_its_arguments(pytester: pytest.Pytester) -> None:
    item: Any = pytester.getitem("def test_func(tmp_path): pass")
    give_request(item)
    first = item._request
    assert isinstance(first, pytest.FixtureRequest)
    assert item.funcargs == {}
    drop_request(item)
    assert not item._request
    assert item.funcargs is None
    give_request(item)
    second = item._request
    assert isinstance(second, pytest.FixtureRequest)
    assert second is not first


def test_items_of_other_plugins_are_left_alone() -> None:
    item: Any = SimpleNamespace()
    give_request(item)
    drop_request(item)
    assert vars(item) == {}


def test_a_methods_next_run_has_an_object_of_its_own(pytester: pytest.Pytester) -> None:
    method: Any = pytester.getitem("class TestIt:\n    def test_func(self): pass", "test_func")
    first = method.obj.__self__
    assert method.obj.__self__ is first
    forget_instance(method)
    assert method.obj.__self__ is not first
    assert type(method.obj.__self__) is type(first)


def test_a_function_stays_as_it_is(pytester: pytest.Pytester) -> None:
    function: Any = pytester.getitem("def test_func(): pass")
    before = function.obj
    forget_instance(function)
    assert function.obj is before


def test_fixtures_end_that_the_next_test_does_not_share(pytester: pytest.Pytester) -> None:
    one, two = collected(
        pytester,
        """
        import pytest
        ENDED = []

        @pytest.fixture(scope="module")
        def wide():
            yield
            ENDED.append("wide")

        @pytest.fixture
        def own():
            yield
            ENDED.append("own")

        def test_one(wide, own): pass
        def test_two(wide): pass
        """,
    )
    module: Any = one.getparent(pytest.Module)
    give_request(one)
    one.session._setupstate.setup(one)
    end_fixtures(one.session, two)
    assert module.obj.ENDED == ["own"]
    assert has_live_fixtures(one.session)
    end_fixtures(one.session, None)
    assert module.obj.ENDED == ["own", "wide"]
    assert not has_live_fixtures(one.session)


def test_a_parameter_is_told_from_a_fixture_and_what_has_an_end_from_what_has_none(
    pytester: pytest.Pytester,
) -> None:
    item: Any = pytester.getitem(
        """
        import pytest

        @pytest.fixture
        def plain():
            return 1

        @pytest.fixture
        def ending():
            yield 1

        @pytest.fixture
        def asking(request):
            request.addfinalizer(print)

        @pytest.mark.parametrize("number", [1])
        def test_func(number, plain, ending, asking): pass
        """,
        "test_func[1]",
    )
    give_request(item)
    item.session._setupstate.setup(item)
    found = {
        name: item._request._get_active_fixturedef(name)
        for name in ("number", "plain", "ending", "asking")
    }
    assert [is_parameter(one) for one in found.values()] == [True, False, False, False]
    number, *fixtures = found.values()
    more = [finalizer_count(one) - finalizer_count(number) for one in fixtures]
    assert more == [0, 1, 1]
    end_fixtures(item.session, None)


@pytest.mark.parametrize(
    ("raised", "wanted"),
    [
        (None, False),
        (ValueError(), True),
        (pytest.skip.Exception("not here"), False),
        (unittest.SkipTest("no"), False),
        (pytest.fail.Exception("no"), True),
    ],
)
def test_a_debugger_is_shown_what_pytest_would_show(
    raised: BaseException | None, wanted: bool
) -> None:
    def body() -> None:
        if raised is not None:
            raise raised

    call: pytest.CallInfo[None] = pytest.CallInfo.from_call(body, when="call")
    report: Any = SimpleNamespace()
    assert wants_interaction(call, report) is wanted
    assert bool(runner.check_interactive_exception(call, report)) is wanted
    report.wasxfail = "known"
    assert not wants_interaction(call, report)
    assert not runner.check_interactive_exception(call, report)


def test_pytests_own_protocol_logs_three_reports(pytester: pytest.Pytester) -> None:
    run = pytester.makeconftest(
        """
        import pytest
        from pytest_carbon.session.pytest_private import run_as_pytest_does

        def pytest_runtest_protocol(item, nextitem):
            run_as_pytest_does(item, nextitem)
            return True

        def pytest_runtest_logreport(report):
            with open("told.txt", "a") as file: print(report.when, report.outcome, file=file)
        """
    )
    assert run.exists()
    pytester.makepyfile("def test_func(): assert 0")
    pytester.runpytest_subprocess().assert_outcomes(failed=1)
    told = (pytester.path / "told.txt").read_text().splitlines()
    assert told == ["setup passed", "call failed", "teardown passed"]
    assert callable(run_as_pytest_does)


def test_a_test_runs_without_a_word_and_its_sections_can_be_taken_back(
    pytester: pytest.Pytester,
) -> None:
    item = pytester.getitem("def test_func(): pass")
    reports = run_as_pytest_does(item, None, log=False)
    assert [report.when for report in reports] == ["setup", "call", "teardown"]
    sections = report_sections(item)
    item.add_report_section("call", "stdout", "printed")
    assert sections == [("call", "stdout", "printed")]


def test_pytests_runner_is_a_plugin_by_itself(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig()
    assert is_runner_of_pytest(config.pluginmanager.getplugin("runner"))
    assert not is_runner_of_pytest(ModuleType("runner"))


def test_a_failure_without_a_traceback_survives_its_way_between_processes() -> None:
    text = "carbon: +50 %: 1.00 J → 1.50 J\nwhy       2 fresh processes confirm it"
    shown = failure_repr(text, "test_it.py", 7)
    report = pytest.TestReport(
        nodeid="test_it.py::test_func",
        location=("test_it.py", 6, "test_func"),
        keywords={},
        outcome="failed",
        longrepr=shown,
        when="call",
    )
    sent = json.loads(json.dumps(report._to_json()))
    arrived = pytest.TestReport._from_json(sent)
    crash = getattr(arrived.longrepr, "reprcrash", None)
    assert crash is not None
    assert (crash.path, crash.lineno, crash.message) == ("test_it.py", 7, text.partition("\n")[0])
    assert arrived.longreprtext.strip() == text


@pytest.mark.parametrize("folder", [".", "sub"])
def test_a_node_id_is_typed_where_pytest_was_started(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    pytester.makeini("[pytest]")
    monkeypatch.chdir(pytester.mkdir("sub") if folder == "sub" else pytester.path)
    config = pytester.parseconfig()
    typed = typed_here(config, "sub/test_it.py::test_func")
    assert typed == ("test_it.py::test_func" if folder == "sub" else "sub/test_it.py::test_func")


def test_the_junit_file_takes_properties_of_the_whole_run(pytester: pytest.Pytester) -> None:
    assert junit_xml(pytester.parseconfigure()) is None
    xml = junit_xml(pytester.parseconfigure("--junitxml=junit.xml"))
    assert isinstance(xml, LogXML)
    xml.add_global_property("carbon.energy_j", 1.5)
    assert ("carbon.energy_j", "1.5") in xml.global_properties


def test_temporary_folders_are_made_where_somebody_chose_before_the_first(
    pytester: pytest.Pytester,
) -> None:
    config: Any = pytester.parseconfigure()
    assert may_choose_basetemp(config)
    choose_basetemp(config, pytester.path / "chosen")
    made = config._tmp_path_factory.mktemp("made")
    assert made.parent == pytester.path / "chosen"
    assert not may_choose_basetemp(config)


def test_a_run_without_temporary_folders_has_none_to_choose(pytester: pytest.Pytester) -> None:
    assert not may_choose_basetemp(pytester.parseconfigure("-p", "no:tmpdir"))


def test_what_a_run_has_captured_stays_unread_while_streams_are_replaced(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        import os
        from pathlib import Path
        from pytest_carbon.session.pytest_private import captured_anew

        def pytest_runtest_logfinish(nodeid):
            os.write(1, b"before")
            with captured_anew(config):
                with open("replaced.txt", "wb") as new:
                    os.dup2(new.fileno(), 1)
            os.write(1, b"after")
            out, _ = config.pluginmanager.getplugin("capturemanager").read_global_capture()
            Path("told.txt").write_text(out)

        def pytest_configure(config):
            globals()["config"] = config
        """
    )
    pytester.makepyfile("def test_func(): pass")
    pytester.runpytest_subprocess()
    assert (pytester.path / "told.txt").read_text() == "after"
    assert b"passed" in (pytester.path / "replaced.txt").read_bytes()


def test_streams_that_are_not_captured_are_only_replaced(pytester: pytest.Pytester) -> None:
    with captured_anew(pytester.parseconfig("-p", "no:capture")):
        pass


def test_a_side_of_a_comparison_runs_a_test_again_and_again(pytester: pytest.Pytester) -> None:
    """``compare.repeat`` takes the reports of ``runtestprotocol`` and forgets the last request."""
    pytester.makeconftest(
        """
        import pytest
        from pytest_carbon.compare.repeat import Repeater, WithinProtocol, saved_globs
        from pytest_carbon.session.pytest_private import end_fixtures

        within = WithinProtocol()

        def pytest_configure(config):
            config.pluginmanager.register(within)

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            measure = lambda run, _: (run(), True)[1]
            again = Repeater(item, measure, 0.9, saved_globs(item), within)
            with open("told.txt", "a") as file:
                for _ in range(3):
                    print(again.run(), [r.outcome for r in again.reports], file=file)
                print(item.user_properties, item._report_sections, file=file)
                end_fixtures(item.session, nextitem)
            return True
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def own(): return []

        def test_func(own, record_property):
            record_property("size", len(own))
            print("said")
            own.append(1)
            assert own == [1]
        """
    )
    pytester.runpytest_subprocess()
    *runs, kept = (pytester.path / "told.txt").read_text().splitlines()
    assert runs == ["True ['passed', 'passed', 'passed']"] * 3
    assert kept == "[] []"
