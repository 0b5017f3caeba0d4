"""The collector: takes the results of all processes, has suspects confirmed, and reports."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import CarbonError
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind
from pytest_carbon.result.facts import Fault, HostFacts
from pytest_carbon.result.run import RunResult
from pytest_carbon.session.baselines import NEXT_STEP
from pytest_carbon.session.confirm.confirmation import Confirmation, Held
from pytest_carbon.session.confirm.settlement import Settlement, fault_of
from pytest_carbon.session.handover import Passed
from pytest_carbon.session.hosts.gateways import place_of
from pytest_carbon.session.hosts.introduction import HOST, REFERENCE, Introduction, usage_error_in
from pytest_carbon.session.intensity import present_intensity
from pytest_carbon.session.measure.recorder import STARTUP
from pytest_carbon.session.pytest_private import junit_xml
from pytest_carbon.session.results.outcome import OutcomeKeeper
from pytest_carbon.session.results.process import ProcessFigures
from pytest_carbon.session.results.publish import Publisher
from pytest_carbon.session.results.subjects import Results
from pytest_carbon.session.results.worker import HELD, INTENSITY
from pytest_carbon.tasks.names import SEPARATOR
from pytest_carbon.wire import from_text, subject_from_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from pytest_carbon.intensity.accounting import Accounting
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.confirm.confirmation import Looks
    from pytest_carbon.session.hosts.hosts import Hosts
    from pytest_carbon.session.results.code_digests import CodeDigests
    from pytest_carbon.session.results.whole_run import WholeRun
    from pytest_carbon.settings import Settings

__all__ = ["Collector"]


class Collector:
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
        self._results = Results(self.outcome)
        if config.getoption("xmlpath", None):
            self._results.accounting = accounting
        self.settlement = Settlement(
            self._results,
            hosts,
            Confirmation(config, hosts),
            hook=config.hook,
            process=self.process,
            stores=settings.stores,
        )
        self._notes = notes
        self._usage_error = ""
        self._faults: list[Fault] = []
        self._start = time.perf_counter()
        self._started_s = time.time()
        self._publisher = Publisher(settings)

    def deliver(
        self, results: Callable[[], Sequence[SubjectResult]], report: pytest.TestReport | None
    ) -> None:
        """Take a test of this process; its arithmetic waits where nothing needs it yet."""
        if self._results.accounting is not None and report is not None:
            self._results.add_test(results(), report)
        else:
            self._results.later(results)

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
        if self._results.accounting is not None:
            self._results.accounting = self._accounting
        self._add_notes(live.notes)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: list[Any]) -> None:
        """Note how many workers hold the machine together."""
        self._results.workers = len(specs)
        self._hosts.expect(specs)
        self.outcome.host_of = lambda report: self._hosts.of_worker(_worker_of(report)).name

    def take_report(self, report: pytest.TestReport) -> None:
        """Take the figures that travelled with a worker's report, and the reports of suspects."""
        said = vars(report).pop(HOST, None)
        if said is not None:
            self._hosts.introduce(_worker_of(report), Introduction.from_text(said))
        text = getattr(report, HELD, None)
        if text is not None:
            self.settlement.hold(self._held_from(report, json.loads(text)))
            return
        # Popped, so that a JUnit property is not added again when a held report is logged.
        text = vars(report).pop("carbon", None)
        if text is not None:
            self._results.add_test(self._placed(from_text(text)), report)

    def _placed(self, results: Sequence[SubjectResult]) -> list[SubjectResult]:
        """The results of a worker, with the name of its host."""
        return [self._hosts.placed(result) for result in results]

    def _held_from(self, carrier: pytest.TestReport, waiting: list[dict[str, Any]]) -> Held:
        """The reports that a worker has sent inside another one."""
        call, teardown = (
            self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
            for data in waiting
        )
        for report in (call, teardown):
            for name in ("node", "worker_id", "testrun_uid", "item_index"):
                if hasattr(carrier, name):
                    vars(report)[name] = getattr(carrier, name)
        return Held(self._placed(from_text(vars(teardown).pop("carbon"))), Passed(call, teardown))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker the speed that figures are corrected to, and the intensity of the place."""
        node.workerinput[REFERENCE] = self._hosts.local.reference_ns
        node.workerinput[INTENSITY] = self._found._asdict()
        if place_of(node.gateway.spec):
            from pytest_carbon.session.hosts.told import prepare

            prepare(node, self._hosts, self._config, self._settings.baselines)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker measured beside tests."""
        refusal = usage_error_in(error)
        if refusal:
            # pytest-xdist would replace the worker, time and again.
            raise pytest.UsageError(refusal)
        output = getattr(node, "workeroutput", None) or {}
        carbon = json.loads(output.get("carbon", "null"))
        if carbon is None:
            name = getattr(getattr(node, "gateway", None), "id", "a worker")
            host = self._hosts.of_worker(name).name
            where = f" on {host}" if host else ""
            self._notes.append(f"{name}{where} was lost, and its fixtures' figures with it")
            self.outcome.lost()
            self._hosts.lost(name)
            return
        said = carbon.get(HOST)
        if said is not None:
            self._hosts.introduce(node.gateway.id, Introduction.from_text(said))
        self.outcome.join(carbon["selection"])
        self._usage_error = self._usage_error or carbon["usage_error"]
        self._add_notes(carbon["notes"])
        self._faults += [Fault(**fault) for fault in carbon["faults"]]
        for row in self._placed([subject_from_plain(plain) for plain in carbon["rows"]]):
            # Until then a worker here is in the window of this process.
            if row.host or row.subject.id != STARTUP:
                self._results.add(row)
        for text in carbon["late"]:
            self._results.add_test(self._placed(from_text(text)), None)

    def _add_notes(self, notes: list[str]) -> None:
        self._notes += [note for note in notes if note not in self._notes]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Finish the result before pytest's own reports are written."""
        if not self.settlement.is_here:
            return (yield)
        try:
            self._finish(session)
        except CarbonError as error:
            self._usage_error = str(error)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self._faults.append(fault_of("the summary", error))
            if self.result is not None:
                self.result = self.result._replace(faults=tuple(self._faults))
            if self._settings.update is not None and session.exitstatus == pytest.ExitCode.OK:
                # Who asked to store must not take this run for stored.
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if self._usage_error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif session.exitstatus == pytest.ExitCode.OK and (
            self._failed_late() or self._why_strict_fails
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    @property
    def _why_strict_fails(self) -> str:
        """Why a run under ``--carbon-strict`` fails as a whole; only where tests have run."""
        ran = bool(self.outcome.ran)
        if not self._settings.policy.missing_fails or self._settings.stores or not ran:
            return ""
        if self._faults:
            return f"measuring failed ({self._faults[0].test}: {self._faults[0].cause})"
        for host in self._hosts:
            if not host.baselines.entries:
                where = f" on {host.name}" if host.name else ""
                return f"nothing to compare with{where}: {host.baselines.place}; {NEXT_STEP}"
        return ""

    def _why_late(self, subject: SubjectResult) -> str:
        """Why a subject fails the run and not its own report."""
        if subject.subject.kind is Kind.FILE:
            return "its short tests cost more together"
        if self._faults:
            return "its report could not be failed, for a fault of pytest-carbon (see above)"
        return "reported before it was judged, as another plugin runs it"

    def _failed_late(self) -> list[SubjectResult]:
        """What fails the run though no test failed for it: file sums, and tests of other plugins.

        A test whose energy no run of the plugin can tell fails with its budget, too.
        """
        if self.result is None:
            return []
        return [
            subject
            for subject in self.result.subjects
            if subject.verdict is not None
            and self._hosts.of(subject).judge.fails(subject.verdict)
            and subject.test_outcome not in {"failed", "error"}
        ]

    def _finish(self, session: pytest.Session) -> None:
        self._results.take_pending()
        for row in self.process.rows():
            self._results.add(row)
        self._add_notes([*self.process.notes(), *self.settlement.notes])
        self._faults += [*self.settlement.faults, *self.process.faults()]
        self._usage_error = self._usage_error or self.process.usage_error
        whole = self.process.whole
        if whole is not None and not self.process.runs_tests:
            here = self._hosts.local.name
            for row in whole.beside([r for r in self._results if r.host == here]):
                self._results.add(row)
        course = self.outcome.finish(session, session.exitstatus)
        self._note_ungated()
        first = self._hosts.first
        self.result = RunResult(
            environment=first.environment,
            intensity=self._accounting.pinned,
            live=self._accounting.live,
            pue=self._accounting.pue,
            embodied=self._accounting.embodied,
            meters=first.meters,
            clock=first.clock,
            tolerance=self._settings.policy.tolerance,
            floor_j=self._settings.policy.floor_j,
            subjects=self._with_hosts(self._results.with_outcomes()),
            wall_s=time.perf_counter() - self._start,
            workers=self._results.workers,
            unavailable=self._unavailable,
            notes=tuple(self._notes),
            baselines=first.baselines.place,
            baselines_folder=str(self._settings.baselines),
            course=course,
            origin=self._publisher.origin(self._config.rootpath, self._started_s),
            reference_ns=first.reference_ns,
            hosts=self._host_facts(),
            counted=() if whole is None else whole.counted(),
            code_digests={}
            if self.code_digests is None
            else self.code_digests.digests(self._results),
            looks=0 if self._looks is None else self._looks.taken,
            looks_s=0.0 if self._looks is None else self._looks.spent_s,
            faults=tuple(self._faults),
        )
        self._add_session_properties(self.result)
        self._add_notes(self._explained(self.result))
        names = self._config.get_verbosity() > 0
        of_environment = {host.environment: host.baselines for host in self._hosts}
        for part in self.result.by_environment():
            self._add_notes(of_environment[part.environment].update(part, names=names))
        self.result = self.result._replace(notes=tuple(self._notes))
        self._add_notes(self._publisher.publish(self.result))
        self.result = self.result._replace(notes=tuple(self._notes))

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
                environment=host.environment,
                meters=host.meters,
                clock=host.clock,
                baselines=host.baselines.place,
                reference_ns=host.reference_ns,
            )
            for host in self._hosts
        )

    def _explained(self, result: RunResult) -> list[str]:
        """Which functions regressed tests burn more for, or how to find out."""
        found = result.with_outcome(Outcome.REGRESSED)
        if not found or self._settings.stores:
            return []
        tests = list(dict.fromkeys(s.subject.id.partition(SEPARATOR)[0] for s in found))
        from pytest_carbon.session.explain import explain_now, how_to_explain

        tell = explain_now if self._settings.explains else how_to_explain
        host = self._hosts.of(found[0])
        return tell(self._config, host.baselines.path, tests)

    def _note_ungated(self) -> None:
        count = sum(bool(result.ungated) for result in self._results)
        if count and self._hosts.local.judge.gates:
            tests = "1 test uses" if count == 1 else f"{count} tests use"
            self._add_notes(
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
            meters=self._hosts.local.meters,
            clock=self._hosts.local.clock,
            accounting=self._accounting,
            baselines=self._hosts.local.baselines.in_short,
            place=self._hosts.local.baselines.place,
            unavailable=self._unavailable,
            verbose=self._config.get_verbosity() > 0,
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The summary, before pytest's short one."""
        from pytest_carbon.session.results.summary import write_no_summary, write_summary

        if self._usage_error:
            terminalreporter.write_line(f"ERROR: {self._usage_error}", red=True)
        if self.result is None:
            write_no_summary(terminalreporter, self._faults, self._settings)
            return
        write_summary(
            terminalreporter,
            self.result,
            self._settings,
            failures=[*self._late_failures(), *self._strict_failures()],
            missing_meters=self._hosts.first.missing_meters,
            next_step=self._hosts.first.baselines.next_step,
        )
        for text in self._publisher.printed(self.result):
            terminalreporter.write(text)

    def _late_failures(self) -> Iterator[str]:
        from pytest_carbon.text import shown

        for subject in self._failed_late():
            yield f"{shown(subject.subject.id)}: {self._why_late(subject)}"

    def _strict_failures(self) -> Iterator[str]:
        if self._why_strict_fails:
            yield f"--carbon-strict: {self._why_strict_fails}"


def _worker_of(report: Any) -> str:
    """The worker of pytest-xdist that a report comes from; empty for this process."""
    return getattr(getattr(getattr(report, "node", None), "gateway", None), "id", "")
