"""In a look's process: a pytest session that collects the chosen tests, and runs only them.

It is started like the user's session, and leaves out what must not happen again: reports, cache,
coverage, workers, another order, a debugger. Answers are written line by line as they come.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import CarbonError
from pytest_carbon.hooks import Hooks
from pytest_carbon.looks.answer import Sample
from pytest_carbon.looks.order import LookOrder
from pytest_carbon.looks.process import ANSWERS, ORDER
from pytest_carbon.measurement import file_of
from pytest_carbon.resultfile.codec import to_plain
from pytest_carbon.session.look.left_out import leave_cache_alone, leave_out
from pytest_carbon.session.look.one_run import Reports, StartingPoint
from pytest_carbon.session.measure.costs import Part
from pytest_carbon.session.measure.disk_use import DiskUse
from pytest_carbon.session.measure.instruments import open_instruments
from pytest_carbon.session.measure.recorder import Recorder
from pytest_carbon.session.pytest_private import end_fixtures
from pytest_carbon.session.runtest.phases import reraised, run_phases
from pytest_carbon.session.subject_ids import tell_apart, test_id
from pytest_carbon.settings import read_settings
from pytest_carbon.system import System, originals
from pytest_carbon.tasks.host import hosts

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_carbon.looks.order import Unit
    from pytest_carbon.session.measure.costs import Costs

__all__ = ["LookProcess"]


class LookProcess(Hooks):
    """The plugin that makes a look of a session; ``folder`` holds its order and its answers."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._order = LookOrder.from_plain(System.loads((self._folder / ORDER).read_text("utf-8")))
        self._asks = {ask.test: ask for ask in self._order.asks}
        self._items: dict[str, pytest.Item] = {}
        self._recorder: Recorder | None = None
        self._costs: Costs | None = None
        self._report: Reports = Reports()
        self._owner = System.getpid()
        self._answers = str(self._folder / ANSWERS)
        _die_with_parent()
        if not self._order.keeps_cwd:
            # "python -m pytest" puts it first, which the user's command did not.
            cwd = str(Path.cwd())
            sys.path[:] = [entry for entry in sys.path if entry not in {"", cwd}]

    def _say(self, **line: Any) -> None:
        # Opened anew each time: a test may close whatever is open here.
        if System.getpid() == self._owner:
            file = System.os_open(self._answers, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            System.write(file, System.dumps(line).encode() + b"\n")
            System.close(file)

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """Leave out what must not happen again, and collect only what is asked for."""
        options = config.option
        leave_out(options)
        if self._order.seed is not None and hasattr(options, "randomly_seed"):
            options.randomly_seed = self._order.seed
        options.basetemp = str(self._folder / "tmp")
        files = {config.rootpath / file_of(name) for name in self._asks}
        if all(file.is_file() for file in files):
            config.args = sorted(map(str, files))

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Open what measures."""
        try:
            # As in the run itself: a conftest file may have replaced them by now.
            with originals():
                instruments = open_instruments(read_settings(config), workers=1)
        except CarbonError as error:
            self._say(failure=str(error))
            pytest.exit(str(error), returncode=4)
        config.add_cleanup(instruments.close)
        sampler = instruments.sampler
        if sampler.probe.name != self._order.probe:
            self._say(failure=f"the speed is probed otherwise there ({sampler.probe.description})")
            pytest.exit("another speed probe", returncode=4)
        sampler.reference_ns = self._order.reference_ns
        self._recorder = Recorder(sampler)
        config.pluginmanager.register(self._recorder, "carbon-recorder")
        config.pluginmanager.register(self._report, "carbon-look-reports")
        hosts.append(self._recorder.task_book)
        config.add_cleanup(lambda: hosts.remove(self._book))

    @property
    def _book(self) -> Any:
        assert self._recorder is not None, "made when configured"
        return self._recorder.task_book

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Leave the user's cache as it is."""
        leave_cache_alone(session.config.pluginmanager)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Keep what is asked for, in the order of collection, whatever else reorders it."""
        collected = list(items)
        tell_apart(collected)
        result = yield
        kept = set(map(id, items))
        items[:] = [item for item in collected if id(item) in kept and test_id(item) in self._asks]
        self._items = {test_id(item): item for item in items}
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run everything once, and then what is to be repeated, unit by unit."""
        units = list(enumerate(self._order.units))
        missing = {
            test: f"it is not collected by {Path(sys.executable).name} -m pytest on its own file"
            for test in self._asks
            if test not in self._items
        }
        for index, unit in units:
            for test in unit.tests:
                if test in missing:
                    self._say(begin=test, unit=index)
                    self._say(run=test, unit=index, problem=missing[test])
                    break
        alive = [(i, u) for i, u in units if not missing.keys() & set(u.tests)]
        self._run_all(session, alive)
        return True

    def _run_all(self, session: pytest.Session, units: Sequence[tuple[int, Unit]]) -> None:
        place = {test: number for number, test in enumerate(self._items)}
        firsts = sorted(
            ((index, test) for index, unit in units for test in unit.tests),
            key=lambda one: place[one[1]],
        )
        energies: dict[int, list[float]] = {}
        failed: set[int] = set()
        for index, test in firsts:
            if index in failed:
                continue
            energy_j = self._run(index, 0, test)
            if energy_j is None:
                failed.add(index)
            else:
                energies.setdefault(index, []).append(energy_j)
            if session.shouldstop or session.shouldfail:
                return
        for index, unit in units:
            if index not in failed and unit.repeats:
                self._repeat(index, unit, sum(energies[index]))

    def _repeat(self, index: int, unit: Unit, first_j: float) -> None:
        if unit.enough_j and first_j <= unit.enough_j[0]:
            self._say(enough=index)
            return
        samples_j: list[float] = []
        for number in range(1, unit.repeats + 1):
            total_j = 0.0
            for test in unit.tests:
                energy_j = self._run(index, number, test)
                if energy_j is None:
                    return
                total_j += energy_j
            samples_j.append(total_j)
            if _is_enough(samples_j, unit.enough_j):
                self._say(enough=index)
                return

    def _run(self, index: int, number: int, test: str) -> float | None:
        """One run of a test, written down; its joules, ``None`` where it did not pass.

        Wide fixtures live on, as they do in a session, until a test runs that does not need them;
        what is wrong with their end is no test's fault.
        """
        item, ask = self._items[test], self._asks[test]
        with contextlib.suppress(Exception):
            end_fixtures(item.session, item)
        StartingPoint.of(item).prepare()
        self._report.begin()
        self._say(begin=test, unit=index, number=number)
        before = DiskUse.now()
        # A sibling as the next test: function fixtures end, and wider ones stay.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=copy.copy(item))
        if System.getpid() != self._owner:
            # A child that the test has forked comes back here: it is not to repeat anything.
            pytest.exit("the end of a forked child", returncode=0)
        used = DiskUse.now().since(before)
        recorder = self._recorder
        assert recorder is not None, "made when configured"
        assert self._costs is not None, "made by the protocol"
        problem = self._report.problem or recorder.faults.get(test, "").strip().rpartition("\n")[2]
        cost = None if problem else recorder.prices.cost(self._costs, ask.sensitivity)
        if cost is None or cost.energy_j is None:
            problem = problem or "it was not measured"
            self._say(run=test, unit=index, problem=problem)
            return None
        tasks = [recorder.prices.cost(self._costs, t.sensitivity, Part(*t)) for t in ask.tasks]
        sample = Sample(cost, tuple(tasks), used.blocks_written, used.kernel_s, used.cpu_s)
        self._say(run=test, unit=index, sample=to_plain(sample))
        return cost.energy_j

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a test once, whichever plugin would otherwise run it as it likes."""
        recorder = self._recorder
        assert recorder is not None, "made when configured"
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self._costs = recorder.begin(test_id(item))
        run_phases(item, nextitem, hook, reraise=reraised(item.config), end=recorder.end)
        recorder.note_memory(self._costs)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True


def _is_enough(samples_j: list[float], enough_j: Sequence[float]) -> bool:
    """Whether the geometric mean of the samples clears the unit."""
    if len(samples_j) > len(enough_j) or min(samples_j) <= 0:
        return False
    mean_log = sum(map(math.log, samples_j)) / len(samples_j)
    return math.exp(mean_log) <= enough_j[len(samples_j) - 1]


def _die_with_parent() -> None:
    """End with the process that waits for this one, where the system can arrange that."""
    if sys.platform == "linux":
        import ctypes
        import signal

        with contextlib.suppress(OSError, AttributeError):
            # prctl(2), PR_SET_PDEATHSIG.
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
