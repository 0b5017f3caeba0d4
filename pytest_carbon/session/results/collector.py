"""The collector: takes the results of all processes, has suspects confirmed, and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import CarbonError
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.hooks import Hooks
from pytest_carbon.result.facts import Fault, HostFacts
from pytest_carbon.result.run import RunResult
from pytest_carbon.session.confirm.confirmation import Confirmation, Held
from pytest_carbon.session.confirm.settlement import Settlement, fault_of
from pytest_carbon.session.intensity import present_intensity
from pytest_carbon.session.pytest_private import junit_xml
from pytest_carbon.session.results.outcome import OutcomeKeeper
from pytest_carbon.session.results.process import ProcessFigures
from pytest_carbon.session.results.publish import Publisher
from pytest_carbon.session.results.subjects import Results
from pytest_carbon.session.surroundings import Surroundings
from pytest_carbon.system import System
from pytest_carbon.tasks.names import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from pytest_carbon.intensity.accounting import Accounting
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.confirm.confirmation import Looks
    from pytest_carbon.session.handover import Passed
    from pytest_carbon.session.hosts.hosts import Hosts
    from pytest_carbon.session.results.code_digests import CodeDigests
    from pytest_carbon.session.results.whole_run import WholeRun
    from pytest_carbon.settings import Settings

__all__ = ["Collector"]


class Collector(Hooks):
    """Knows every subject's result, and renders the finished run.

    ``process`` is what this one measures, nothing where xdist workers do.
    """

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        *,
        found: Intensity,
        notes: list[str],
        accounting: Accounting,
        unavailable: tuple[str, ...],
        hosts: Hosts,
        whole: WholeRun,
        looks: Looks | None,
    ) -> None:
        self.result: RunResult | None = None
        self.outcome = OutcomeKeeper(config)
        self.process = ProcessFigures(whole)
        self.code_digests: CodeDigests | None = None
        self._config = config
        self._settings = settings
        self._found = found
        self._accounting = accounting
        self._unavailable = unavailable
        self._hosts = hosts
        self._looks = looks
        self._surroundings = Surroundings()
        self.results = Results(self.outcome)
        if config.getoption("xmlpath", None):
            self.results.accounting = accounting
        self.settlement = Settlement(
            self.results,
            hosts,
            Confirmation(config, hosts),
            process=self.process,
            surroundings=self._surroundings,
            stores=settings.stores,
            stepwise=config.getoption("stepwise", False),
        )
        self.notes = notes
        self.usage_error = ""
        self.faults: list[Fault] = []
        self._start = System.perf_counter()
        self._started_s = System.time()
        self._publisher = Publisher(settings)

    def deliver(
        self, results: Callable[[], Sequence[SubjectResult]], report: pytest.TestReport | None
    ) -> None:
        """Take a test of this process; its arithmetic waits where nothing needs it yet."""
        if self.results.accounting is not None and report is not None:
            self.results.add_test(results(), report)
        else:
            self.results.later(results)

    def hold(self, results: Sequence[SubjectResult], passed: Passed) -> None:
        """Take a suspect of this process."""
        self.settlement.hold(Held(list(results), passed))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Ask for the live intensity, before anything is measured and for reports only."""
        if not self._settings.live or self._config.getoption("collectonly", False):
            return
        with self.process.looking_up():
            live = present_intensity(self._found, self._accounting.pinned, self._settings.live_zone)
        self._accounting = self._accounting._replace(live=live.intensity)
        if self.results.accounting is not None:
            self.results.accounting = self._accounting
        self.add_notes(live.notes)

    def add_notes(self, notes: list[str]) -> None:
        """Take what is to say of the run, each thing once."""
        self.notes += [note for note in notes if note not in self.notes]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Finish the result before pytest's own reports are written."""
        if not self.settlement.is_here:
            return (yield)
        with self._surroundings.restored():
            self._end(session)
        return (yield)

    def _end(self, session: pytest.Session) -> None:
        try:
            self._finish(session)
        except CarbonError as error:
            self.usage_error = str(error)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self.faults.append(fault_of("the summary", error))
            if self.result is not None:
                self.result = self.result._replace(faults=tuple(self.faults))
            if self._settings.update is not None and session.exitstatus == pytest.ExitCode.OK:
                # Who asked to store must not take this run for stored.
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if self.usage_error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif session.exitstatus == pytest.ExitCode.OK and (self._failures()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _failures(self) -> list[str]:
        """Why the run fails though no test failed for it, line by line."""
        from pytest_carbon.session.results.run_failures import run_failures

        return run_failures(
            self.result,
            self._hosts,
            self._settings,
            faults=self.faults,
            ran=bool(self.outcome.ran),
        )

    def _finish(self, session: pytest.Session) -> None:
        self.results.take_pending()
        for row in self.process.rows():
            self.results.add(row)
        self.add_notes([*self.process.notes(), *self.settlement.notes])
        self.faults += [*self.settlement.faults, *self.process.faults()]
        self.usage_error = self.usage_error or self.process.usage_error
        whole = self.process.whole
        if whole is not None and not self.process.runs_tests:
            here = self._hosts.local.name
            for row in whole.beside([r for r in self.results if r.host == here]):
                self.results.add(row)
        course = self.outcome.finish(session, session.exitstatus)
        self._note_ungated()
        first = self._hosts.first
        setup = first.setup
        self.result = RunResult(
            environment=setup.environment,
            intensity=self._accounting.pinned,
            live=self._accounting.live,
            pue=self._accounting.pue,
            embodied=self._accounting.embodied,
            meters=setup.meters,
            clock=setup.clock,
            tolerance=self._settings.policy.tolerance,
            floor_j=self._settings.policy.floor_j,
            subjects=self._with_hosts(self.results.with_outcomes()),
            wall_s=System.perf_counter() - self._start,
            workers=self.results.workers,
            unavailable=self._unavailable,
            notes=tuple(self.notes),
            baselines=first.baselines.place,
            baselines_folder=str(self._settings.baselines),
            course=course,
            origin=self._publisher.origin(self._config.rootpath, self._started_s),
            reference_ns=setup.reference_ns,
            hosts=self._host_facts(),
            counted=() if whole is None else whole.counted(),
            code_digests={}
            if self.code_digests is None
            else self.code_digests.digests(self.results),
            looks=0 if self._looks is None else self._looks.taken,
            looks_s=0.0 if self._looks is None else self._looks.spent_s,
            faults=tuple(self.faults),
        )
        self._add_session_properties(self.result)
        self.add_notes(self._explained(self.result))
        names = self._config.get_verbosity() > 0
        of_environment = {host.setup.environment: host.baselines for host in self._hosts}
        for part in self.result.by_environment():
            self.add_notes(of_environment[part.environment].update(part, names=names))
        self.result = self.result._replace(notes=tuple(self.notes))
        self.add_notes(self._publisher.publish(self.result))
        self.result = self.result._replace(notes=tuple(self.notes))

    def _with_hosts(self, subjects: tuple[SubjectResult, ...]) -> tuple[SubjectResult, ...]:
        """The subjects, those of this host with its name where there are others."""
        name = self._hosts.local_name
        return tuple(s if s.host else s._replace(host=name) for s in subjects) if name else subjects

    def _host_facts(self) -> tuple[HostFacts, ...]:
        """The hosts that ran tests, where another one than this did."""
        if not self._hosts.others:
            return ()
        return tuple(
            HostFacts(
                name=host.name or self._hosts.local_name,
                environment=host.setup.environment,
                meters=host.setup.meters,
                clock=host.setup.clock,
                baselines=host.baselines.place,
                reference_ns=host.setup.reference_ns,
            )
            for host in self._hosts
        )

    def _explained(self, result: RunResult) -> list[str]:
        """Which functions regressed tests burn more for, or how to find out."""
        found = result.with_outcome(Outcome.REGRESSED)
        if not found or self._settings.stores:
            return []
        tests = list(dict.fromkeys(s.subject.id.partition(SEPARATOR)[0] for s in found))
        from pytest_carbon.session.explain import explained

        host = self._hosts.of(found[0])
        return explained(self._config, host.baselines.path, tests, now=self._settings.explains)

    def _note_ungated(self) -> None:
        count = sum(bool(result.ungated) for result in self.results)
        if count and self._hosts.local.judge.gates:
            tests = "1 test uses" if count == 1 else f"{count} tests use"
            self.add_notes(
                [f"{tests} the fixture benchmark, which repeats its code: measured, not gated"]
            )

    def _add_session_properties(self, result: RunResult) -> None:
        xml = junit_xml(self._config)
        if xml is not None:
            from pytest_carbon.report.junit import session_properties

            for name, value in session_properties(result):
                xml.add_global_property(name, value)

    def pytest_report_header(self) -> list[str]:
        """How figures come about, and what they are held against; with -v all of it."""
        from pytest_carbon.report.header import header_lines

        if self._settings.budgets_only:
            return ["carbon: budgets are enforced (carbon_budget_always), --carbon measures"]
        return header_lines(
            meters=self._hosts.local.setup.meters,
            clock=self._hosts.local.setup.clock,
            accounting=self._accounting,
            baselines=self._hosts.local.baselines.in_short,
            place=self._hosts.local.baselines.place,
            unavailable=self._unavailable,
            verbose=self._config.get_verbosity() > 0,
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The summary, before pytest's short one."""
        with self._surroundings.restored():
            self._summarise(terminalreporter)

    def _summarise(self, terminal: Any) -> None:
        from pytest_carbon.session.results.summary import write_no_summary, write_summary

        if self.usage_error:
            terminal.write_line(f"ERROR: {self.usage_error}", red=True)
        if self.result is None:
            write_no_summary(terminal, self.faults, self._settings)
            return
        write_summary(
            terminal,
            self.result,
            self._settings,
            failures=self._failures(),
            missing_meters=self._hosts.first.setup.missing_meters,
            next_step=self._hosts.first.baselines.next_step,
        )
        for text in self._publisher.printed(self.result):
            terminal.write(text)
