"""The collector: gathers the results of all processes, stores, reports; one a run."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import CarbonError
from pytest_carbon.measurement import Kind
from pytest_carbon.report.junit import session_properties, task_properties, test_properties
from pytest_carbon.report.terminal import summary_lines
from pytest_carbon.result import RunResult, SubjectResult
from pytest_carbon.session.course import CourseKeeper
from pytest_carbon.session.grid import present_intensity
from pytest_carbon.session.publish import Publisher
from pytest_carbon.session.sources import Sources
from pytest_carbon.session.worker import INTENSITY, REFERENCE
from pytest_carbon.wire import from_text, subject_from_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.accounting import Accounting
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.measurement import Subject
    from pytest_carbon.session.baselines import Baselines
    from pytest_carbon.session.bodies import Bodies
    from pytest_carbon.settings import Settings

__all__ = ["Collector"]


class Collector:
    """Knows every subject's result, and renders the finished run.

    ``sources`` are those of this process, empty where xdist workers measure. ``reference_ns`` is
    the speed probe's time that all of them correct to.
    """

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        *,
        environment: Environment,
        found: Intensity,
        notes: list[str],
        accounting: Accounting,
        meters: tuple[str, ...],
        clock: str,
        unavailable: tuple[str, ...],
        baselines: Baselines,
        reference_ns: float | None,
    ) -> None:
        self.result: RunResult | None = None
        self.course = CourseKeeper(config)
        self.sources = Sources()
        self.bodies: Bodies | None = None
        self._reference_ns = reference_ns
        self._config = config
        self._settings = settings
        self._environment = environment
        self._found = found
        self._accounting = accounting
        self._meters = meters
        self._clock = clock
        self._unavailable = unavailable
        self._baselines = baselines
        self._subjects: dict[Subject, SubjectResult] = {}
        self._notes = notes
        self._usage_error = ""
        self._fault = ""
        self._workers = 0
        self._tests: dict[Subject, str] = {}
        self._pending: list[Callable[[], Sequence[SubjectResult]]] = []
        self._start = time.perf_counter()
        self._started_s = time.time()
        self._publisher = Publisher(settings)
        self._junit = bool(config.getoption("xmlpath", None))

    def deliver(
        self,
        subject: Subject,  # noqa: ARG002 - the results name it, too
        results: Callable[[], Sequence[SubjectResult]],
        report: pytest.TestReport,
    ) -> None:
        """Take a test of this process; its arithmetic waits where nothing needs it yet."""
        if self._junit:
            self._add_test(results(), report)
        else:
            self._pending.append(results)

    def _add_test(self, results: Sequence[SubjectResult], report: pytest.TestReport | None) -> None:
        """Take a test and its tasks."""
        test, *tasks = results
        self._add(test, report)
        for task in tasks:
            self._tests[task.subject] = test.subject.id
            self._add(task, report)

    def _add(self, subject: SubjectResult, report: pytest.TestReport | None) -> None:
        """Take one subject; a later one of the same name joins it (xdist's ``each`` repeats)."""
        known = self._subjects.get(subject.subject)
        if known is None:
            self._subjects[subject.subject] = subject
        elif subject.subject.kind is Kind.TEST:
            self._subjects[subject.subject] = replace(subject, times=known.times + 1)
        elif subject.subject.kind is Kind.TASK:
            self._subjects[subject.subject] = subject
        else:
            worse = subject if subject.verdict and subject.verdict.outcome.fails else known
            self._subjects[subject.subject] = replace(
                worse, total=known.total + subject.total, times=known.times + subject.times
            )
        if self._junit and report is not None:
            total, workers = subject.total, max(1, self._workers)
            if subject.subject.kind is Kind.TASK:
                report.user_properties += task_properties(
                    subject,
                    self._tests[subject.subject],
                    self._accounting.emissions_g(total.energy_j),
                )
                return
            report.user_properties += test_properties(
                subject,
                self._accounting.emissions_g(total.energy_j),
                self._accounting.sci(total, per="test", reserved_s=total.wall_s / workers),
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Ask for the live intensity, before anything is measured and for reports only."""
        if not self._settings.live or self._config.getoption("collectonly", False):
            return
        with self.sources.aside():
            live = present_intensity(self._found, self._accounting.pinned, self._settings.live_zone)
        self._accounting = replace(self._accounting, live=live.intensity)
        self._add_notes(live.notes)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: list[Any]) -> None:
        """Note how many workers hold the machine together."""
        self._workers = len(specs)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the figures that travelled with a worker's report."""
        text = getattr(report, "carbon", None)
        if text is not None:
            self._add_test(from_text(text), report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker the speed that figures are corrected to, and the intensity of the place."""
        node.workerinput[REFERENCE] = self._reference_ns
        node.workerinput[INTENSITY] = asdict(self._found)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker measured beside tests."""
        output = getattr(node, "workeroutput", None) or {}
        carbon = json.loads(output.get("carbon", "null"))
        if carbon is None:
            name = getattr(getattr(node, "gateway", None), "id", "a worker")
            self._notes.append(f"{name} was lost, and its fixtures' figures with it")
            self.course.lost()
            return
        self.course.join(carbon["selection"])
        self._usage_error = self._usage_error or carbon["usage_error"]
        self._add_notes(carbon["notes"])
        for plain in carbon["rows"]:
            self._add(subject_from_plain(plain), None)

    def _add_notes(self, notes: list[str]) -> None:
        self._notes += [note for note in notes if note not in self._notes]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Finish the result before pytest's own reports are written."""
        try:
            self._finish(session)
        except CarbonError as error:
            self._usage_error = str(error)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._fault = f"no summary ({type(error).__name__}: {error}); the outcomes stand"
        if self._usage_error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif session.exitstatus == pytest.ExitCode.OK and (
            self._has_failed_files or self._lacks_baselines
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    @property
    def _lacks_baselines(self) -> str:
        """Why nothing could be compared, where that is to fail the run."""
        if not self._settings.policy.missing_fails or self._settings.stores:
            return ""
        return "" if self._baselines.entries else self._baselines.place

    @property
    def _has_failed_files(self) -> bool:
        """Whether short tests, none of which can fail alone, have failed together."""
        files = () if self.result is None else self.result.of(Kind.FILE)
        return any(file.verdict and file.verdict.outcome.fails for file in files)

    def _finish(self, session: pytest.Session) -> None:
        for results in self._pending:
            self._add_test(results(), None)
        self._pending.clear()
        for row in self.sources.rows():
            self._add(row, None)
        self._add_notes(self.sources.notes())
        self._usage_error = self._usage_error or self.sources.usage_error
        course = self.course.finish(session, session.exitstatus)
        self.result = RunResult(
            environment=self._environment,
            intensity=self._accounting.pinned,
            live=self._accounting.live,
            pue=self._accounting.pue,
            embodied=self._accounting.embodied,
            meters=self._meters,
            clock=self._clock,
            tolerance=self._settings.policy.tolerance,
            floor_j=self._settings.policy.floor_j,
            subjects=tuple(self._with_outcome(s) for s in self._subjects.values()),
            wall_s=time.perf_counter() - self._start,
            workers=self._workers,
            unavailable=self._unavailable,
            notes=tuple(self._notes),
            baselines=self._baselines.place,
            baselines_folder=str(self._settings.baselines),
            course=course,
            origin=self._publisher.origin(self._config.rootpath, self._started_s),
            reference_ns=self._reference_ns,
            bodies={} if self.bodies is None else self.bodies.digests(self._subjects.values()),
        )
        self._add_session_properties(self.result)
        self._add_notes(self._baselines.update(self.result))
        self.result = replace(self.result, notes=tuple(self._notes))
        self._add_notes(self._publisher.publish(self.result))
        self.result = replace(self.result, notes=tuple(self._notes))

    def _with_outcome(self, subject: SubjectResult) -> SubjectResult:
        if subject.subject.kind is Kind.TEST:
            return replace(subject, test_outcome=self.course.outcome_of(subject.subject.id))
        test = self._tests.get(subject.subject)
        if test is None:
            return subject
        return replace(subject, test_outcome=self.course.outcome_of(test))

    def _add_session_properties(self, result: RunResult) -> None:
        from _pytest.junitxml import xml_key

        xml = self._config.stash.get(xml_key, None)
        if xml is not None:
            for name, value in session_properties(result):
                xml.add_global_property(name, value)

    def pytest_report_header(self) -> list[str]:
        """One line on what is measured and how, and one for each thing that is not."""
        i = self._accounting.intensity
        return [
            f"carbon: {'; '.join(self._meters)}",
            f"carbon: CPU time by {self._clock}",
            f"carbon: {i.g_per_kwh:g} gCO2e/kWh ({i.zone}, {i.source} {i.period}; {i.reason})",
            f"carbon: baselines in {self._baselines.place}",
            *(f"carbon: {line}" for line in self._unavailable),
        ]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The summary, before pytest's short one."""
        verbosity = self._config.get_verbosity()
        if self._usage_error:
            terminalreporter.write_line(f"ERROR: {self._usage_error}", red=True)
        if self._fault:
            terminalreporter.write_line(f"carbon: {self._fault}", yellow=True)
        if self.result is None:
            return
        terminalreporter.write_sep("=", "carbon")
        lines = summary_lines(self.result, verbosity=verbosity, rows=self._settings.rows)
        for line in lines:
            terminalreporter.write_line(line)
        if self._lacks_baselines:
            text = f"FAILED: --carbon-strict: nothing to compare with: {self._lacks_baselines}"
            terminalreporter.write_line(text, red=True)
        for text in self._publisher.printed(self.result):
            terminalreporter.write(text)
