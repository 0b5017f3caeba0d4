"""At the controller's end of pytest-xdist: what its workers are told, and what they send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.result.facts import Fault
from pytest_carbon.session.confirm.confirmation import Held
from pytest_carbon.session.handover import Passed
from pytest_carbon.session.hosts.gateways import place_of
from pytest_carbon.session.hosts.introduction import (
    HOST,
    INTENSITY,
    REFERENCE,
    Introduction,
    usage_error_in,
)
from pytest_carbon.session.measure.recorder import STARTUP
from pytest_carbon.session.results.worker import HELD
from pytest_carbon.wire import subject_from_plain

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.hosts.hosts import Hosts
    from pytest_carbon.session.results.collector import Collector

__all__ = ["Workers"]


class Workers(Hooks):
    """Takes what workers measure for the ``collector``, with the host that each ran on.

    Workers are told the intensity that was ``found``; those elsewhere the ``baselines``, too.
    """

    def __init__(
        self,
        config: pytest.Config,
        collector: Collector,
        hosts: Hosts,
        *,
        found: Intensity,
        baselines: Path,
    ) -> None:
        self._config = config
        self._collector = collector
        self._hosts = hosts
        self._found = found
        self._baselines = baselines

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: list[Any]) -> None:
        """Note how many workers hold the machine together."""
        self._collector.results.workers = len(specs)
        self._hosts.expect(specs)
        self._collector.outcome.host_of = lambda report: (
            self._hosts.of_worker(_worker_of(report)).name
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker the speed that figures are corrected to, and the intensity of the place."""
        node.workerinput[REFERENCE] = self._hosts.local.setup.reference_ns
        node.workerinput[INTENSITY] = self._found._asdict()
        if place_of(node.gateway.spec):
            from pytest_carbon.session.hosts.told import prepare

            prepare(node, self._hosts, self._config, self._baselines)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Take the figures that came with a report, and the reports of suspects, before others."""
        said = vars(report).pop(HOST, None)
        if said is not None:
            self._hosts.introduce(_worker_of(report), Introduction.from_text(said))
        held = vars(report).pop(HELD, None)
        if held is not None:
            self._collector.settlement.hold(self._held_from(report, held))
            yield
            self._forget(report)
            return
        # Popped, so that a JUnit property is not added again when a held report is logged.
        results = vars(report).pop("carbon", None)
        if results is not None:
            self._collector.results.add_test(self._placed(results), report)
        yield

    def _placed(self, results: Sequence[dict[str, Any]]) -> list[SubjectResult]:
        """The results of a worker, with the name of its host."""
        return [self._hosts.placed(subject_from_plain(plain)) for plain in results]

    def _held_from(self, carrier: pytest.TestReport, held: dict[str, Any]) -> Held:
        """The reports that a worker has sent inside another one."""
        hook = self._config.hook
        call, teardown = (
            hook.pytest_report_from_serializable(config=self._config, data=data)
            for data in held["reports"]
        )
        for report in (call, teardown):
            for name in ("node", "worker_id", "testrun_uid", "item_index"):
                if hasattr(carrier, name):
                    vars(report)[name] = getattr(carrier, name)
        return Held(self._placed(held["results"]), Passed(call, teardown, hook))

    def _forget(self, carrier: pytest.TestReport) -> None:
        """Let the terminal not count, and not list among durations, a set-up that was none."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        for reports in getattr(terminal, "stats", {}).values():
            if reports and reports[-1] is carrier:
                reports.pop()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker measured beside tests."""
        refusal = usage_error_in(error)
        if refusal:
            # pytest-xdist would replace the worker, time and again.
            raise pytest.UsageError(refusal)
        output = getattr(node, "workeroutput", None) or {}
        carbon = output.get("carbon")
        if carbon is None:
            name = getattr(getattr(node, "gateway", None), "id", "a worker")
            host = self._hosts.of_worker(name).name
            where = f" on {host}" if host else ""
            self._collector.notes.append(
                f"{name}{where} was lost, and its fixtures' figures with it"
            )
            self._collector.outcome.lost()
            self._hosts.lost(name)
            return
        said = carbon.get(HOST)
        if said is not None:
            self._hosts.introduce(node.gateway.id, Introduction.from_text(said))
        self._collector.outcome.join(carbon["selection"])
        self._collector.usage_error = self._collector.usage_error or carbon["usage_error"]
        self._collector.add_notes(carbon["notes"])
        self._collector.faults += [Fault(**fault) for fault in carbon["faults"]]
        for row in self._placed(carbon["rows"]):
            # Until then a worker here is in the window of this process.
            if row.host or row.subject.id != STARTUP:
                self._collector.results.add(row)
        for results in carbon["late"]:
            self._collector.results.add_test(self._placed(results), None)


def _worker_of(report: Any) -> str:
    """The worker of pytest-xdist that a report comes from; empty for this process."""
    return getattr(getattr(getattr(report, "node", None), "gateway", None), "id", "")
