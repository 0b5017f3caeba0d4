"""How pytest was started, and how it is started once more."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_carbon.looks.invocation import Invocation, invocation_of, plain_invocation


def started(pytester: pytest.Pytester, *arguments: str) -> Invocation:
    """How a run of pytest with these arguments would be started again."""
    config = pytester.parseconfigure(*arguments)
    invocation = invocation_of(config, {})
    assert isinstance(invocation, Invocation)
    return invocation


def test_it_is_this_python_in_the_same_folder_with_the_same_arguments(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_it="def test_one(): pass")
    again = started(pytester, "-k", "one", "test_it.py")
    assert again.command[0] == sys.executable
    assert again.command[-len(again.arguments) - 2 :] == ("-m", "pytest", *again.arguments)
    assert again.arguments[:3] == ("-k", "one", "test_it.py")
    assert again.folder == str(pytester.path)


def test_flags_of_this_python_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess._args_from_interpreter_flags", lambda: ["-X", "dev", "-O"])
    command = plain_invocation(["-q"], tmp_path, {}).command
    assert command == (sys.executable, "-X", "dev", "-O", "-m", "pytest", "-q")


def test_what_belongs_to_a_worker_a_tracer_or_an_editor_is_left_out(tmp_path: Path) -> None:
    environ = {
        "PATH": "/bin",
        "PYTEST_ADDOPTS": "-q",
        "PYTEST_XDIST_WORKER": "gw0",
        "PYTEST_CURRENT_TEST": "t.py::test_one (call)",
        "COV_CORE_SOURCE": ".",
        "COVERAGE_PROCESS_START": "ini",
        "TEST_RUN_PIPE": "/tmp/pipe",
        "TEAMCITY_VERSION": "1",
    }
    kept = plain_invocation([], tmp_path, environ).environ
    assert kept == {"PATH": "/bin", "PYTEST_ADDOPTS": "-q"}


def test_the_environment_is_that_from_before_the_tests(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure()
    again = invocation_of(config, {"PATH": "/before"})
    assert isinstance(again, Invocation)
    assert again.environ == {"PATH": "/before"}


@pytest.mark.parametrize(
    "given",
    [
        ("-p", "vscode_pytest", "-p", "no:cacheprovider"),
        ("-pvscode_pytest", "-p", "no:cacheprovider"),
    ],
)
def test_editors_plugins_are_left_out_and_others_stay(
    pytester: pytest.Pytester, given: tuple[str, ...]
) -> None:
    pytester.makepyfile(vscode_pytest="", other_plugin="")
    pytester.syspathinsert()
    again = started(pytester, *given)
    assert "vscode_pytest" not in " ".join(again.arguments)
    assert "no:cacheprovider" in again.arguments


def test_plugin_objects_of_pytest_main_cannot_be_given_again(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = pytester.parseconfigure("-q")
    params = replace(config.invocation_params, plugins=("named", object()))
    monkeypatch.setattr(config, "invocation_params", params)
    problem = invocation_of(config, {})
    assert isinstance(problem, str)
    assert "plugin objects" in problem


def test_modules_and_names_of_pytest_main_are_given_as_options(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = pytester.parseconfigure("-q")
    params = replace(config.invocation_params, plugins=(json, "named", "vscode_pytest"))
    monkeypatch.setattr(config, "invocation_params", params)
    again = invocation_of(config, {})
    assert isinstance(again, Invocation)
    assert again.arguments[:5] == ("-p", "json", "-p", "named", "-q")


def test_without_a_path_of_this_python_no_process_can_be_started(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = pytester.parseconfigure()
    monkeypatch.setattr(sys, "executable", "")
    problem = invocation_of(config, {})
    assert isinstance(problem, str)
    assert "path of this Python" in problem


def test_lines_of_a_coverage_tool_are_not_measured(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure()
    config.pluginmanager.register(object(), "pytest_cov")
    again = invocation_of(config, {})
    assert isinstance(again, Invocation)
    assert again.arguments[0] == "--no-cov"


@pytest.mark.parametrize("there", [True, False])
def test_it_says_whether_the_folder_can_be_imported_from(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    elsewhere = [entry for entry in sys.path if Path(entry).resolve() != pytester.path]
    monkeypatch.setattr(sys, "path", [str(pytester.path), *elsewhere] if there else elsewhere)
    assert started(pytester).keeps_cwd is there
