"""All that measures outside pytest: opened once a process, with the project's settings."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from pytest_carbon.home import home_folder
from pytest_carbon.intensity.accounting import Accounting
from pytest_carbon.intensity.embodied import parse_embodied
from pytest_carbon.intensity.pue import resolve_pue
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.outside.settings import settings_around
from pytest_carbon.result.run import RunResult
from pytest_carbon.result.subject import SubjectResult
from pytest_carbon.session.baselines import Baselines
from pytest_carbon.session.intensity import find_intensity
from pytest_carbon.session.measure.instruments import open_instruments
from pytest_carbon.session.results.origin import find_origin
from pytest_carbon.tasks.book import TaskBook
from pytest_carbon.tasks.ledger import TaskLedger

if TYPE_CHECKING:
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.sampler import Sampler
    from pytest_carbon.session.measure.instruments import Instruments
    from pytest_carbon.settings import Settings

__all__ = ["Station"]


class Station:
    """Meters, clock, intensity and settings of a script, and the book of its tasks."""

    def __init__(self, config: Any, settings: Settings, instruments: Instruments) -> None:
        self._config = config
        self._settings = settings
        self._instruments = instruments
        environment = instruments.environment()
        found, self._notes = find_intensity(config, settings, None)
        stored = Baselines(settings, environment, found)
        self._environment = environment
        self._accounting = Accounting(
            pinned=stored.intensity,
            pue=resolve_pue(
                settings.pue, environ=os.environ, cwd=config.rootpath, home=home_folder()
            ),
            embodied=parse_embodied(settings.embodied),
        )
        sampler = instruments.sampler
        sampler.reference_ns = stored.reference_ns or sampler.probe.best_ns
        self.book = TaskBook(
            TaskLedger(sampler.read, threading.main_thread().ident),
            sampler.measure,
            intensity_g_per_kwh=stored.intensity.g_per_kwh,
            clock=sampler.clock.name,
        )

    @classmethod
    def open(cls, *, probes_speed: bool = True) -> Station:
        """Open the meters and the clock that the project's settings ask for, or the best.

        Raises ``CarbonError`` for a setting or a file that cannot be used.
        """
        settings, config = settings_around()
        if not probes_speed:
            settings = settings._replace(speed="off")
        instruments = open_instruments(settings, workers=1)
        try:
            return cls(config, settings, instruments)
        except BaseException:
            instruments.close()
            raise

    @property
    def sampler(self) -> Sampler:
        """What reads clocks and meters."""
        return self._instruments.sampler

    def result(self, name: str, cost: Measurement, *, started_s: float) -> RunResult:
        """One measured thing as a whole run, which every report can render.

        ``started_s`` is seconds since 1970.
        """
        origin = find_origin(self._config.rootpath, started_s=started_s)
        subject = SubjectResult(subject=Subject(Kind.COMMAND, name), total=cost)
        return RunResult(
            environment=self._environment,
            intensity=self._accounting.pinned,
            pue=self._accounting.pue,
            embodied=self._accounting.embodied,
            meters=self._instruments.meters,
            clock=self._instruments.clock,
            tolerance=self._settings.policy.tolerance,
            floor_j=self._settings.policy.floor_j,
            subjects=(subject,),
            wall_s=cost.wall_s,
            unavailable=self._instruments.unavailable,
            notes=tuple(self._notes),
            origin=origin._replace(project=name),
            reference_ns=self.sampler.reference_ns,
        )

    def close(self) -> None:
        """Release everything; may be called twice."""
        self.book.finish("measuring has ended")
        self._instruments.close()
