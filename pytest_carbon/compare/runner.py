"""In a side's process: runs tests again and again, and answers with what each run cost."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from pytest_carbon.clocks.descendants import reaped_ns
from pytest_carbon.compare.forking import own_basetemp
from pytest_carbon.compare.repeat import Measure, Repeater, WithinProtocol, saved_globs
from pytest_carbon.resultfile.codec import to_plain
from pytest_carbon.session.pytest_private import end_fixtures
from pytest_carbon.session.subject_ids import test_id
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY
from pytest_carbon.speed.selection import open_probe
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from pytest_carbon.compare.project_files import ProjectFiles
    from pytest_carbon.explain.profile import Profile
    from pytest_carbon.session.measure.recorder import Recorder
    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["Runner"]

# Threads or children that take less than this part of a test's CPU time are not what it is about.
_ASIDE = 0.1


class Runner:
    """The tests of a session, in the process that runs them.

    ``project`` tells its files from others, ``speed`` is how the core's speed is probed, as in
    ``--carbon-speed``.
    """

    def __init__(
        self,
        session: pytest.Session,
        recorder: Recorder,
        project: ProjectFiles,
        *,
        speed: str,
        protocol: WithinProtocol,
    ) -> None:
        self.session = session
        self._project = project
        self._recorder = recorder
        self._speed = speed
        self._protocol = protocol
        self._probe: SpeedProbe | None = None
        self._items = {test_id(item): item for item in session.items}
        self._repeaters: dict[str, Repeater] = {}
        self._current: pytest.Item | None = None
        self._all_cpus: set[int] = set()

    def restart(self) -> None:
        """Begin in a process that has just been forked."""
        self._probe, _ = open_probe(self._speed)
        self._recorder.restart(self._probe)
        if hasattr(os, "sched_getaffinity"):
            self._all_cpus = os.sched_getaffinity(0)

    @contextlib.contextmanager
    def own_temporary_folder(self, parent: Path) -> Iterator[None]:
        """Keep this process's temporary folders apart, below ``parent``; remove them at the end."""
        folder = own_basetemp(self.session.config, parent)
        try:
            yield
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run one test once, on the CPU that is asked for.

        The wider fixtures stay up for the next run of the same test.
        """
        item = self._prepare(request)
        repeater = self._repeaters.get(item.nodeid)
        if repeater is None:
            repeater = self._repeater(item, self._recorder.cost_of)
            self._repeaters[item.nodeid] = repeater
        start_ns = _apart_ns()
        try:
            cost = repeater.run()
        except Exception as error:  # noqa: BLE001 - of another plugin: said, not raised
            return {"outcome": "error", "reason": f"{type(error).__name__}: {error}"}
        apart_s = (_apart_ns() - start_ns) / NS_PER_S
        if self._recorder.fault is not None:
            return {"outcome": "fault", "reason": self._recorder.fault}
        return {
            "outcome": _outcome(repeater.reports),
            "reason": _reason(repeater.reports),
            "cost": to_plain(cost),
            "apart": cost is not None and apart_s > _ASIDE * cost.cpu_s,
        }

    def profile(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run one test, as ``run`` does, under a profiler."""
        from pytest_carbon.explain.profiler import profile_run  # only convicted tests need it

        profile: Profile | None = None

        def record(run: Callable[[], object], _sensitivity: float) -> None:
            nonlocal profile
            profile = profile_run(
                run,
                self._project.path_of,
                waits=request["waits"],
                has_threads=request["has_threads"],
            )

        reports = self._watched(request, record)
        return {
            "outcome": _outcome(reports),
            "reason": _reason(reports),
            "profile": to_plain(profile),
        }

    def spent(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run one test, as ``run`` does, and tell the time that it spends in some functions."""
        from pytest_carbon.explain.spent import Lines, Spent, spent_by

        functions = [Lines(*lines) for lines in request["functions"]]
        spent = Spent(())

        def record(run: Callable[[], object], _sensitivity: float) -> None:
            nonlocal spent
            spent = spent_by(
                run, functions, self._project.path_of, is_cpu_time=request["is_cpu_time"]
            )

        reports = self._watched(request, record)
        answer: dict[str, Any] = to_plain(spent._replace(outcome=_outcome(reports)))
        return answer

    def _watched(self, request: dict[str, Any], measure: Measure) -> list[pytest.TestReport]:
        """The reports of one run within ``measure``, whose figures are no test's."""
        repeater = self._repeater(self._prepare(request), measure)
        with contextlib.suppress(Exception):
            repeater.run()
        return repeater.reports

    def _repeater(self, item: pytest.Item, measure: Measure) -> Repeater:
        return Repeater(item, measure, DEFAULT_SENSITIVITY, saved_globs(item), self._protocol)

    def _prepare(self, request: dict[str, Any]) -> pytest.Item:
        """What has to be so before a test runs; returns the test."""
        item = self._items[request["test"]]
        if item is not self._current:
            self._leave_for(item)
        if self._all_cpus:
            cpu = request["cpu"]
            os.sched_setaffinity(0, self._all_cpus if cpu is None else {cpu})  # type: ignore[attr-defined, unused-ignore]
        _seed(request["seed"])
        return item

    def _leave_for(self, item: pytest.Item) -> None:
        """End the fixtures that the next test does not share; their faults are not its own."""
        if self._current is not None:
            self._repeaters.clear()
            with contextlib.suppress(Exception):
                end_fixtures(self.session, item)
        self._current = item

    def end(self) -> None:
        """End what is still up."""
        if self._current is not None:
            with contextlib.suppress(Exception):
                end_fixtures(self.session, None)
        if self._probe is not None:
            self._probe.close()


def _apart_ns() -> int:
    """The CPU time outside of the main thread: other threads, and children that have ended."""
    return time.process_time_ns() - time.thread_time_ns() + reaped_ns()


def _seed(seed: int) -> None:
    """Let both sides draw the same random numbers, where the test does not seed them itself."""
    random.seed(seed)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)


def _outcome(reports: list[pytest.TestReport]) -> str:
    for report in reports:
        if report.failed:
            return "failed" if report.when == "call" else "error"
        if hasattr(report, "wasxfail"):
            return "xfailed" if report.skipped else "xpassed"
        if report.skipped:
            return "skipped"
    return "passed"


def _reason(reports: list[pytest.TestReport]) -> str:
    """The last line of what a failed or skipped run says."""
    for report in reports:
        if not report.passed and report.longrepr is not None:
            crash = getattr(report.longrepr, "reprcrash", None)
            text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(crash or "")
            message = getattr(crash, "message", None) or text
            return str(message).strip().partition("\n")[0]
    return ""
