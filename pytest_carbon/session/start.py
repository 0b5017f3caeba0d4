"""Starts carbon in one process of a run: opens what measures, loads what is stored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import CarbonError
from pytest_carbon.intensity.location import resolve_intensity
from pytest_carbon.session.baselines import Baselines
from pytest_carbon.session.collector import Collector
from pytest_carbon.session.course import Selection
from pytest_carbon.session.instruments import open_instruments
from pytest_carbon.session.judge import Judge
from pytest_carbon.session.ownership import has_rivals
from pytest_carbon.session.protocol import Protocol
from pytest_carbon.session.quiet import Quiet
from pytest_carbon.session.recorder import Recorder
from pytest_carbon.session.rivals import RivalProtocols
from pytest_carbon.session.worker import WorkerLink
from pytest_carbon.settings import read_settings

if TYPE_CHECKING:
    from pytest_carbon.session.deliver import Deliver
    from pytest_carbon.session.instruments import Instruments
    from pytest_carbon.settings import Settings

__all__ = ["start"]


def start(config: pytest.Config) -> None:
    """Register the hooks of this process.

    A worker of pytest-xdist records and sends; the process that users see collects; without
    workers one process does both. Raises ``pytest.UsageError`` for what the user can mend.
    """
    worker = getattr(config, "workerinput", None)
    distributes = worker is None and config.getoption("dist", "no") != "no"
    try:
        settings = read_settings(config)
        instruments = open_instruments(settings, workers=worker["workercount"] if worker else 1)
        config.add_cleanup(instruments.close)
        run = _Run(config, settings, instruments)
        if worker is not None:
            selection = Selection()
            config.pluginmanager.register(selection, "carbon-selection")
            link = WorkerLink(config, selection)
            link.protocol = run.record(link.deliver, worker)
            config.pluginmanager.register(link, "carbon-link")
        else:
            run.collect(records=not distributes)
    except CarbonError as error:
        raise pytest.UsageError(str(error)) from None


class _Run:
    """What recorder and collector share while they are made."""

    def __init__(self, config: pytest.Config, settings: Settings, instruments: Instruments) -> None:
        self._config = config
        self._settings = settings
        self._instruments = instruments
        self._environment = instruments.environment()
        intensity = resolve_intensity(
            settings.intensity, environ=os.environ, cwd=config.rootpath, home=Path.home()
        )
        self._baselines = Baselines(settings, self._environment, intensity)

    def record(
        self,
        deliver: Deliver,
        worker: dict[str, Any] | None = None,
    ) -> Protocol:
        judge = Judge(
            self._baselines.entries,
            self._settings.policy,
            self._baselines.intensity,
            method=self._instruments.method,
            incomparable=self._baselines.incomparable,
            follows_speed=self._environment.speed != "off",
        )
        recorder = Recorder(self._instruments.sampler, worker=worker["workerid"] if worker else "")
        quiet = None
        if worker and worker["workercount"] > 1 and os.name == "posix":
            quiet = Quiet(worker["testrunuid"])
            self._config.add_cleanup(quiet.close)
            self._config.pluginmanager.register(quiet, "carbon-quiet")
        protocol = Protocol(
            recorder,
            judge,
            deliver,
            repeats=self._settings.rounds if self._settings.stores else 0,
            gates=not self._settings.stores,
            quiet=quiet,
        )
        self._config.pluginmanager.register(recorder, "carbon-recorder")
        self._config.pluginmanager.register(protocol, "carbon-protocol")
        if has_rivals(self._config):
            self._config.pluginmanager.register(RivalProtocols(protocol), "carbon-rivals")
        return protocol

    def collect(self, *, records: bool) -> None:
        collector = Collector(
            self._config,
            self._settings,
            environment=self._environment,
            intensity=self._baselines.intensity,
            meters=self._instruments.meters,
            clock=self._instruments.clock,
            unavailable=self._instruments.unavailable,
            baselines=self._baselines,
        )
        self._config.pluginmanager.register(collector, "carbon-collector")
        self._config.pluginmanager.register(collector.course, "carbon-course")
        if records:
            collector.course.selection = Selection()
            self._config.pluginmanager.register(collector.course.selection, "carbon-selection")
            collector.recorder = self.record(collector.deliver).recorder
