"""In a side's process: a pytest session that collects, then runs what it is told to.

The session itself runs no test. For each fresh process it forks one that has collected but run
nothing; where forking is not safe, the session becomes the one process that runs tests.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.compare.forking import can_fork, detach_from_terminal, fork, freeze
from pytest_carbon.compare.imports import is_inside, origins
from pytest_carbon.compare.line import Line, LineLostError
from pytest_carbon.compare.packages import is_of, packages_below
from pytest_carbon.compare.project_files import ProjectFiles
from pytest_carbon.compare.repeat import WithinProtocol
from pytest_carbon.compare.runner import Runner
from pytest_carbon.errors import CarbonError, SettingError
from pytest_carbon.forks import other_threads
from pytest_carbon.hooks import Hooks
from pytest_carbon.ledger import Account
from pytest_carbon.measurement import Method
from pytest_carbon.session.markers import read_limits
from pytest_carbon.session.measure.instruments import open_instruments
from pytest_carbon.session.measure.recorder import Recorder
from pytest_carbon.session.subject_ids import test_id
from pytest_carbon.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.session.markers import Limits
    from pytest_carbon.session.measure.instruments import Instruments

__all__ = ["Worker"]

# Speeds are ratios to this probe time, which cancels in every pair.
REFERENCE_NS = 100_000.0


class Worker(Hooks):
    """The plugin that turns a session into a side's half of a comparison.

    ``order`` is what the launcher was given: the line's descriptor, the folders, and whether
    processes may be forked.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._line = Line.on(order["line"])
        self._instruments: Instruments | None = None
        self._recorder: Recorder | None = None
        self._protocol = WithinProtocol()
        self._limits: dict[str, Limits] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Measure, and keep out whoever else would change, spread or record the runs."""
        options = config.option
        # This plugin's own run, xdist's workers, reports of a run that has no tests.
        options.carbon = False
        options.carbon_budget_always = False
        options.dist, options.numprocesses, options.tx = "no", None, []
        options.xmlpath = None
        if config.pluginmanager.hasplugin("randomly"):
            # Both sides have to do the same in the same order.
            options.randomly_seed, options.randomly_reorganize = 1, False
        if not hasattr(options, "carbon_tolerance"):
            raise pytest.UsageError("compare needs this plugin: leave out -p no:carbon")
        try:
            # The session itself runs no test: each process that does has a probe of its own.
            settings = read_settings(config)._replace(speed="off")
            self._instruments = open_instruments(settings, workers=1)
        except CarbonError as error:
            raise pytest.UsageError(str(error)) from None
        self._instruments.sampler.reference_ns = REFERENCE_NS
        config.add_cleanup(self._instruments.close)
        self._recorder = Recorder(self._instruments.sampler)
        config.pluginmanager.register(self._recorder, "carbon-compare-recorder")
        config.pluginmanager.register(self._protocol, "carbon-compare-protocol")

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path, config: pytest.Config) -> bool | None:
        """Leave out files whose tests are not asked for, where those are known to be files."""
        if self._order["files"] is None:
            return None
        wanted = {config.rootpath / file for file in self._order["files"]}
        is_other = collection_path.is_file() and collection_path not in wanted
        return True if is_other and all(map(Path.is_file, wanted)) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Say what was collected, then serve until the comparison ends."""
        assert self._instruments is not None, "made when configured"
        assert self._recorder is not None, "made when configured"
        try:
            self._limits = {test_id(item): read_limits(item) for item in session.items}
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None
        order = self._order
        project = ProjectFiles(order["side"], order["env"], order["cwd"])
        runner = Runner(
            session, self._recorder, project, speed=order["speed"], protocol=self._protocol
        )
        # A lock that another thread holds would stay locked for ever in a forked process.
        threads = other_threads()
        forks = self._order["forks"] and can_fork() and not threads
        try:
            self._line.send(self._hello(session, self._instruments, threads, forks=forks))
            if session.testsfailed:
                return True
            if forks:
                freeze()
                self._fork_on_demand(session, runner)
            else:
                self._serve(self._line, runner)
        except LineLostError:
            pass
        return True

    def _hello(
        self,
        session: pytest.Session,
        instruments: Instruments,
        threads: Sequence[str],
        *,
        forks: bool,
    ) -> dict[str, Any]:
        nothing = instruments.sampler.measure(Account())
        return {
            "errors": session.testsfailed,
            "items": [name for name, limits in self._limits.items() if not limits.skip],
            "tolerances": {
                name: limits.tolerance
                for name, limits in self._limits.items()
                if limits.tolerance is not None
            },
            "forks": forks,
            "threads": threads,
            "python": platform.python_version(),
            "pytest": pytest.__version__,
            "carbon": _installed_carbon(),
            "clock": instruments.clock,
            "meters": list(instruments.meters),
            "measured": any(e.method is Method.MEASURED for e in nothing.energies),
            "imports": self._imports(session),
        }

    def _imports(self, session: pytest.Session) -> dict[str, Any]:
        """What was imported so far, of the project and of the user's tree."""
        cwd = Path(self._order["cwd"])
        tree, side, env = (
            os.path.realpath(self._order[name] or os.devnull) for name in ("tree", "side", "env")
        )
        tests = {os.path.realpath(item.path) for item in session.items}
        plugins = session.config.pluginmanager.get_plugins()
        tests |= {os.path.realpath(file) for file in map(_conftest, plugins) if file}
        files = {n: f for n, f in origins(sys.modules).items() if f not in tests}
        known = packages_below(cwd / "src") | packages_below(cwd)
        project = {name: file for name, file in files.items() if is_of(name, known)}
        installed = {n: f for n, f in project.items() if f.startswith(env + os.sep)}
        return {
            "own": {n: f for n, f in files.items() if is_inside(f, side)} | installed,
            "project": project,
            "tree": {n: f for n, f in files.items() if is_inside(f, tree)},
        }

    def _fork_on_demand(self, session: pytest.Session, runner: Runner) -> None:
        """Fork a process for each request; the session's own process stays as it is."""
        # Children are of no interest to this process, and none may stay a zombie.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # type: ignore[attr-defined, unused-ignore]
        while True:
            self._line.receive()
            descriptor = self._line.take_descriptor()
            if fork() == 0:
                with contextlib.suppress(BaseException):
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # type: ignore[attr-defined, unused-ignore]
                    os.setsid()  # type: ignore[attr-defined, unused-ignore]
                    # Not before: killed as a group that is none yet, it would live on.
                    self._line.send({"pid": os.getpid()})
                    self._line.close()
                    detach_from_terminal(session.config)
                    # Stays open until this process ends: closed, it has this process killed.
                    line = Line.on(descriptor)
                    # In the comparison's own folder: a test may end this process at any time.
                    with runner.own_temporary_folder(Path(self._order["side"]).parent):
                        self._serve(line, runner)
                os._exit(0)
            os.close(descriptor)

    def _serve(self, line: Line, runner: Runner) -> None:
        """Run tests on request until the other end is closed."""
        runner.restart()
        try:
            while True:
                request = line.receive()
                if request["do"] == "imports":
                    line.send(self._imports(runner.session))
                elif request["do"] == "profile":
                    line.send(runner.profile(request))
                elif request["do"] == "spent":
                    line.send(runner.spent(request))
                else:
                    line.send(runner.run(request))
        except LineLostError:
            runner.end()


def _installed_carbon() -> str | None:
    """The version of pytest-carbon that this environment has, whichever of them measures."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("pytest-carbon")
    return None


def _conftest(plugin: object) -> str | None:
    """The file of a conftest, ``None`` for other plugins."""
    file = getattr(plugin, "__file__", None)
    return file if isinstance(file, str) and Path(file).name == "conftest.py" else None
