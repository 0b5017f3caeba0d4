"""Every name of pytest that is not public, behind functions; each has a contract test.

Nothing else here imports ``_pytest`` or touches an attribute of pytest's that begins with an
underscore.
"""

# ruff: noqa: SLF001
from __future__ import annotations

import bdb
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from _pytest import runner
from _pytest._code.code import (
    ExceptionChainRepr,
    ReprEntryNative,
    ReprFileLocation,
    ReprTraceback,
)
from _pytest.python import get_direct_param_fixture_func

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "captured_anew",
    "choose_basetemp",
    "drop_request",
    "end_fixtures",
    "failure_repr",
    "finalizer_count",
    "forget_instance",
    "give_request",
    "has_live_fixtures",
    "is_parameter",
    "is_runner_of_pytest",
    "junit_xml",
    "may_choose_basetemp",
    "report_sections",
    "run_as_pytest_does",
    "typed_here",
    "wants_interaction",
]


def give_request(item: pytest.Item) -> None:
    """Give a test its request, also where it runs again."""
    private: Any = item
    if hasattr(item, "_request") and not private._request:
        private._initrequest()


def drop_request(item: pytest.Item) -> None:
    """Drop a test's request and its arguments, once it has run."""
    private: Any = item
    if hasattr(item, "_request"):
        private._request = False
        private.funcargs = None


def is_parameter(fixturedef: pytest.FixtureDef[Any]) -> bool:
    """Whether a fixture is only an argument of ``parametrize``, which costs nothing to set up."""
    return fixturedef.func is get_direct_param_fixture_func


def finalizer_count(fixturedef: pytest.FixtureDef[Any]) -> int:
    """How many things are to be done for a fixture's tear-down, as far as is known by now."""
    private: Any = fixturedef
    return len(private._finalizers)


def forget_instance(item: pytest.Item) -> None:
    """Let a method's next run have an object of its own, as the first one had."""
    private: Any = item
    if getattr(item, "cls", None) is None:
        return
    private._obj = None
    vars(item).pop("_instance", None)


def end_fixtures(session: pytest.Session, nextitem: pytest.Item | None) -> None:
    """End the fixtures that ``nextitem`` does not share; all of them for ``None``.

    Raises what a fixture's tear-down raises.
    """
    private: Any = session
    private._setupstate.teardown_exact(nextitem)


def wants_interaction(call: pytest.CallInfo[None], report: pytest.TestReport) -> bool:
    """Whether a debugger or another plugin is to see what a phase has raised."""
    if call.excinfo is None or hasattr(report, "wasxfail"):
        return False
    unittest = sys.modules.get("unittest")
    skips: tuple[type[BaseException], ...] = (pytest.skip.Exception, bdb.BdbQuit)
    if unittest is not None:
        skips += (unittest.SkipTest,)
    return not isinstance(call.excinfo.value, skips)


def has_live_fixtures(session: pytest.Session) -> bool:
    """Whether fixtures, or a module's or class's own set-up, have not been ended yet."""
    private: Any = session
    return bool(private._setupstate.stack)


def run_as_pytest_does(
    item: pytest.Item, nextitem: pytest.Item | None, *, log: bool = True
) -> list[pytest.TestReport]:
    """Run a test by pytest's own protocol, and ``log`` its reports."""
    return runner.runtestprotocol(item, log=log, nextitem=nextitem)


def report_sections(item: pytest.Item) -> list[tuple[str, str, str]]:
    """What a test has printed and logged, phase by phase, as it goes into its reports."""
    private: Any = item
    sections: list[tuple[str, str, str]] = private._report_sections
    return sections


def is_runner_of_pytest(plugin: object) -> bool:
    """Whether a plugin is pytest's own runner of tests."""
    return plugin is runner


def failure_repr(text: str, path: str, line: int) -> ExceptionChainRepr:
    """A failure without a traceback that all reporters understand; the first line is its summary.

    A plain text gives no line in the short summary before pytest 9, and a class of one's own loses
    its place between processes.
    """
    place = ReprFileLocation(path, line, text.partition("\n")[0])
    trace = ReprTraceback([ReprEntryNative([text + "\n"])], None, "native")
    return ExceptionChainRepr([(trace, place, None)])


def typed_here(config: pytest.Config, nodeid: str) -> str:
    """A node id as it is typed in the folder that pytest was started in."""
    private: Any = config
    try:
        from _pytest.nodeid import NodeId
    except ImportError:
        return str(private.cwd_relative_nodeid(nodeid))
    # An object from pytest 9.2 on, of which it makes another one.
    return str(private.cwd_relative_nodeid(NodeId.parse(nodeid)))


def junit_xml(config: pytest.Config) -> Any:
    """The writer of the JUnit file, ``None`` where there is none."""
    from _pytest.junitxml import xml_key

    return config.stash.get(xml_key, None)


def may_choose_basetemp(config: pytest.Config) -> bool:
    """Whether pytest has not made the folder for tests' temporary ones yet."""
    factory: Any = getattr(config, "_tmp_path_factory", None)
    return factory is not None and factory._basetemp is None


def choose_basetemp(config: pytest.Config, folder: Path) -> None:
    """Have pytest make tests' temporary folders in ``folder``, whatever ``--basetemp`` says."""
    private: Any = config
    private._tmp_path_factory._given_basetemp = folder


@contextmanager
def captured_anew(config: pytest.Config) -> Iterator[None]:
    """Stop capturing while standard streams are replaced, then capture anew.

    What was captured so far is left unread: a forked process would empty the files of the run.
    """
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    capturing = None if capture is None else capture._global_capturing
    if capturing is not None:
        capturing.stop_capturing()
        capture._global_capturing = None
    yield
    if capturing is not None:
        capture.start_global_capturing()
