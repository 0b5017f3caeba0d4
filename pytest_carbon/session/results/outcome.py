"""The course of a run: what was collected and selected, what became of it, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.result.facts import Course
from pytest_carbon.session.subject_ids import tell_apart, test_id

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["OutcomeKeeper", "Selection"]


class Selection(Hooks):
    """What this process collected, and what it is not to run; in every process that collects."""

    def __init__(self) -> None:
        self.selected: list[str] = []
        self.deselected: list[str] = []
        self.names: dict[str, str] = {}
        """The ids of tests whose node id holds more than their name (groups of pytest-xdist)."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Note what other plugins and ``-k`` take away, said or unsaid."""
        before = list(items)
        result = yield
        kept = set(map(id, items))
        self.deselected = [test_id(item) for item in before if id(item) not in kept]
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is left."""
        self.names = tell_apart(session.items)
        self.selected = [test_id(item) for item in session.items]

    def to_plain(self) -> dict[str, Any]:
        """What the controller does not know by itself, as JSON types."""
        return {"deselected": self.deselected, "names": self.names}


class OutcomeKeeper(Hooks):
    """Follows the run in the process that users see.

    ``selection`` is the one of this process, ``None`` where xdist workers collect.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.selection: Selection | None = None
        self._config = config
        self._outcomes: dict[str, str] = {}
        self._elsewhere: dict[tuple[str, str], str] = {}
        self.host_of: Callable[[pytest.TestReport], str] = lambda _: ""
        """The name of the host that a report comes from, where there are several."""
        self._selected: dict[str, None] = {}
        self._deselected: dict[str, None] = {}
        self._names: dict[str, str] = {}
        self._errors: dict[str, None] = {}
        self._skips: dict[str, None] = {}
        self._lost = 0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected or skips itself; workers send theirs, too."""
        if report.failed:
            self._errors[report.nodeid] = None
        elif report.skipped:
            self._skips[report.nodeid] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test; a failure stays, whatever else is reported of it."""
        if report.when != "call" and report.outcome == "passed":
            return
        outcome, host, test = _outcome(report), self.host_of(report), report.nodeid
        if self._outcomes.get(test) not in {"failed", "error"}:
            self._outcomes[test] = outcome
        if host and self._elsewhere.get((host, test)) not in {"failed", "error"}:
            self._elsewhere[host, test] = outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Take the node ids that a worker is to run."""
        self._selected.update(dict.fromkeys(ids))

    def lost(self) -> None:
        """A worker has crashed, and what it measured beside tests is gone."""
        self._lost += 1

    def join(self, plain: dict[str, Any]) -> None:
        """Take a worker's selection."""
        self._deselected.update(dict.fromkeys(plain["deselected"]))
        self._names.update(plain["names"])

    @property
    def ran(self) -> int:
        """How many tests have reported something."""
        return len(self._outcomes)

    def outcome_of(self, test: str, host: str = "") -> str:
        """What became of a test; empty where nothing was reported.

        Tests that share a node id share what became of them, too. One that ran on several hosts
        has an outcome on each of the others beside this one.
        """
        if host:
            return self._elsewhere.get((host, test)) or self.outcome_of(test)
        if test not in self._outcomes and " #" in test:
            test = test.rpartition(" #")[0]
        return self._outcomes.get(test, "")

    def finish(self, session: pytest.Session, status: int) -> Course:
        """The course of the run, which has come to its end."""
        if self.selection is not None:
            self._selected = dict.fromkeys(self.selection.selected)
            self.join(self.selection.to_plain())
        selected = self._selected
        if self._names:
            name = self._names.get
            self._outcomes = {name(test, test): outcome for test, outcome in self._outcomes.items()}
            selected = dict.fromkeys(name(test, test) for test in selected)
        return Course(
            exit_status=int(status),
            collected=tuple(selected | self._deselected if self._deselected else selected),
            deselected=tuple(test for test in self._deselected if test not in selected),
            narrowed=tuple(_narrowed(self._config)),
            collection_errors=tuple(self._errors),
            collection_skips=tuple(self._skips),
            outcomes=self._outcomes,
            cut_short=self._cut_short(session, status, selected),
            lost_workers=self._lost,
        )

    def _cut_short(self, session: pytest.Session, status: int, selected: dict[str, None]) -> str:
        missing = sum(test not in self._outcomes for test in selected)
        if self._config.getoption("collectonly", False):
            return "the tests were collected only"
        if status == pytest.ExitCode.INTERNAL_ERROR:
            return "pytest had an internal error"
        stopped = session.shouldfail or session.shouldstop
        if self._errors and (missing or not selected):
            stopped = "tests could not be collected"
        elif status == pytest.ExitCode.INTERRUPTED and not stopped:
            stopped = "the run was interrupted"
        if not missing and not stopped:
            return ""
        why = str(stopped) if isinstance(stopped, str) else "the run ended early"
        if not missing:
            return why if status == pytest.ExitCode.INTERRUPTED else ""
        return f"{why}: {missing} of {len(selected)} selected tests did not run"


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed and report.when in {"setup", "teardown"}:
        return "error"
    outcome: str = report.outcome
    return outcome


def _narrowed(config: pytest.Config) -> list[str]:
    """What keeps a collection from being the whole suite, beside deselection."""
    ways: list[str] = []
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        ways += _paths(config)
    elif config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
        folder = config.invocation_params.dir
        if folder != config.rootpath:
            ways.append(str(folder))
    standing = " ".join(config.getini("addopts"))
    for option in ("ignore", "ignore_glob"):
        for value in config.getoption(option, None) or ():
            if str(value) not in standing:
                ways.append(f"--{option.replace('_', '-')}={value}")
    if config.getoption("lf", False):
        ways.append("--lf")
    return ways


def _paths(config: pytest.Config) -> list[str]:
    folder = config.invocation_params.dir
    named = {(folder / argument).resolve() for argument in config.args}
    if config.rootpath.resolve() in named:
        return []
    whole = {(config.rootpath / path).resolve() for path in config.getini("testpaths")}
    return [] if whole and whole <= named else list(config.args)
