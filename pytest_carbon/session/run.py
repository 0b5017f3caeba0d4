"""Puts together what records, collects and judges in one process of a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_carbon.home import home_folder
from pytest_carbon.intensity.accounting import Accounting
from pytest_carbon.intensity.pue import resolve_pue
from pytest_carbon.looks.invocation import invocation_of
from pytest_carbon.looks.taker import LookTaker
from pytest_carbon.options import TOLD, environ_of
from pytest_carbon.report.method import short_method
from pytest_carbon.session.baselines import Baselines
from pytest_carbon.session.confirm.confirmation import Looks
from pytest_carbon.session.confirm.progress import announcer
from pytest_carbon.session.hosts.hosts import Host, Hosts
from pytest_carbon.session.hosts.introduction import INTENSITY, REFERENCE, Setup
from pytest_carbon.session.intensity import find_intensity
from pytest_carbon.session.judge import Judge
from pytest_carbon.session.limits import TestLimits
from pytest_carbon.session.measure.recorder import Recorder
from pytest_carbon.session.results.collector import Collector
from pytest_carbon.session.results.outcome import Selection
from pytest_carbon.session.results.whole_run import WholeRun
from pytest_carbon.session.runtest.protocol import Protocol
from pytest_carbon.session.runtest.test_results import TestResults
from pytest_carbon.tasks.host import hosts

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_carbon.session.handover import Destination
    from pytest_carbon.session.hosts.introduction import Introduction
    from pytest_carbon.session.measure.instruments import Instruments
    from pytest_carbon.session.results.process import ProcessFigures
    from pytest_carbon.settings import Settings

__all__ = ["Run"]


class Run:
    """What recorder and collector share while they are made."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        instruments: Instruments,
        worker: dict[str, Any] | None,
    ) -> None:
        self._config = config
        self._worker = worker
        self._settings = settings
        self._instruments = instruments
        environment = instruments.environment()
        self._found, self._notes = find_intensity(
            config, settings, None if worker is None else worker.get(INTENSITY)
        )
        self._baselines = Baselines(settings, environment, self._found)
        instruments.sampler.reference_ns = self._reference_ns()
        # As it is before any test: what tests leave behind is no part of how pytest was started.
        self._environ = dict(environ_of(config))
        self._setup = Setup(
            environment=environment,
            meters=instruments.meters,
            clock=instruments.clock,
            missing_meters=instruments.missing_meters,
            reference_ns=instruments.sampler.reference_ns,
        )
        self._judge = self._judge_for(self._baselines, self._setup)

    def _judge_for(self, baselines: Baselines, setup: Setup) -> Judge:
        settings = self._settings
        return Judge(
            baselines.entries,
            settings.policy,
            baselines.intensity,
            method=short_method(setup.meters),
            incomparable=baselines.incomparable,
            follows_speed=setup.environment.speed != "off",
            gates=not settings.stores and not settings.budgets_only,
            default_budget=settings.default_budget,
        )

    def _reference_ns(self) -> float | None:
        """The probe's time that figures are corrected to: stored, else found out once a run."""
        if self._baselines.reference_ns is not None:
            return self._baselines.reference_ns
        if self._worker is not None and TOLD not in self._worker:
            told: float | None = self._worker.get(REFERENCE)
            return told
        return self._instruments.sampler.probe.best_ns

    def follow(self) -> None:
        """Register what a worker of pytest-xdist needs: it records and sends."""
        selection = Selection()
        self._config.pluginmanager.register(selection, "carbon-selection")
        introduction = None
        if TOLD in (self._worker or {}):
            from pytest_carbon.session.hosts.here import introduce

            introduction = introduce(self._config, self._setup, self._environ)
        from pytest_carbon.session.results.worker import WorkerLink

        link = WorkerLink(self._config, selection, introduction)
        self._record(link, link.process)
        self._config.pluginmanager.register(link, "carbon-link")

    def _record(self, destination: Destination, process: ProcessFigures) -> None:
        """Register what measures and judges tests; what it finds beside them is in ``process``."""
        worker = self._worker
        limits = TestLimits(
            is_worker=worker is not None, default_budget=self._settings.default_budget
        )
        recorder = Recorder(
            self._instruments.sampler,
            intensity_g_per_kwh=self._baselines.intensity.g_per_kwh,
            worker=worker["workerid"] if worker else "",
        )
        protocol = Protocol(
            recorder=recorder,
            judge=self._judge,
            limits=limits,
            results=TestResults(recorder, self._judge),
            destination=destination,
        )
        for name, plugin in {"recorder": recorder, "limits": limits, "protocol": protocol}.items():
            self._config.pluginmanager.register(plugin, f"carbon-{name}")
        process.use(recorder, limits)
        hosts.append(recorder.task_book)
        self._config.add_cleanup(lambda: hosts.remove(recorder.task_book))

    def _taker(self) -> tuple[LookTaker | str, Looks | None]:
        """What takes looks, or in words why none can be taken; and what counts them."""
        invocation = invocation_of(self._config, self._environ)
        if isinstance(invocation, str):
            return invocation, None
        looks = Looks(invocation)
        taker = LookTaker(
            take=looks.take,
            reference_ns=self._instruments.sampler.reference_ns,
            probe=self._setup.environment.speed,
            keeps_cwd=invocation.keeps_cwd,
            seed=_seed(self._config),
            announce=announcer(self._config),
        )
        return taker, looks

    def _hosts(self, taker: LookTaker | str, looks: Looks | None) -> Hosts:
        """The host that users see, and how another one is made of what a worker there says."""

        def make(said: Introduction, name: str, gateways: Callable[[], list[Any]]) -> Host:
            baselines = Baselines(self._settings, said.setup.environment, self._found)
            reference_ns = baselines.reference_ns or said.setup.reference_ns
            setup = said.setup._replace(reference_ns=reference_ns)
            taker: LookTaker | str = (
                said.no_looks or "pytest-carbon cannot tell how pytest was started"
            )
            if looks is not None and not said.no_looks:
                taker = LookTaker(
                    take=looks.take_by(gateways),
                    reference_ns=reference_ns,
                    probe=setup.environment.speed,
                    keeps_cwd=said.keeps_cwd,
                    seed=_seed(self._config),
                    announce=announcer(self._config, name),
                )
            return Host(
                name=name,
                setup=setup,
                baselines=baselines,
                judge=self._judge_for(baselines, setup),
                taker=taker,
            )

        local = Host(
            name="",
            setup=self._setup,
            baselines=self._baselines,
            judge=self._judge,
            taker=taker,
        )
        return Hosts(local, make)

    def collect(self, *, records: bool) -> None:
        """Register what users see; where it ``records``, too, this process runs the tests."""
        pue = resolve_pue(
            self._settings.pue, environ=os.environ, cwd=self._config.rootpath, home=home_folder()
        )
        taker, looks = self._taker()
        hosts = self._hosts(taker, looks)
        embodied = None
        if self._settings.embodied:
            from pytest_carbon.intensity.embodied import parse_embodied

            embodied = parse_embodied(self._settings.embodied)
        collector = Collector(
            self._config,
            self._settings,
            found=self._found,
            notes=[*self._notes, *self._baselines.notes],
            accounting=Accounting(
                pinned=self._baselines.intensity,
                pue=pue,
                embodied=embodied,
            ),
            unavailable=self._instruments.unavailable,
            hosts=hosts,
            whole=WholeRun(self._instruments.sampler),
            looks=looks,
        )
        self._config.pluginmanager.register(collector, "carbon-collector")
        self._config.pluginmanager.register(collector.settlement, "carbon-settlement")
        self._config.pluginmanager.register(collector.outcome, "carbon-outcome")
        if self._settings.stores:
            from pytest_carbon.session.results.code_digests import CodeDigests

            collector.code_digests = CodeDigests(self._config.rootpath)
            self._config.pluginmanager.register(collector.code_digests, "carbon-code-digests")
        if records:
            collector.outcome.selection = Selection()
            self._config.pluginmanager.register(collector.outcome.selection, "carbon-selection")
            self._record(collector, collector.process)
        else:
            from pytest_carbon.session.results.workers import Workers

            workers = Workers(
                self._config,
                collector,
                hosts,
                found=self._found,
                baselines=self._settings.baselines,
            )
            self._config.pluginmanager.register(workers, "carbon-workers")


def _seed(config: pytest.Config) -> int | None:
    """The seed of pytest-randomly, where that is in use and has one."""
    seed = config.getoption("randomly_seed", None)
    return seed if isinstance(seed, int) else None
