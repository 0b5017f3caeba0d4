"""Starts carbon in one process of a run."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from pytest_carbon.errors import CarbonError
from pytest_carbon.options import environ_of
from pytest_carbon.session.hosts.introduction import BASELINES, WORKERS
from pytest_carbon.settings import read_settings
from pytest_carbon.speed.selection import StartingProbe

__all__ = ["start"]


def start(config: pytest.Config, *, budgets_only: bool = False) -> None:
    """Register the hooks of this process.

    A worker of pytest-xdist records and sends; the process that users see collects; without
    workers one process does both. Where it is for ``budgets_only``, nothing else can fail a test.
    Raises ``pytest.UsageError`` for what the user can mend.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    # pytest-xdist collects in this process where nothing is to run.
    distributes = (
        worker is None
        and config.getoption("dist", "no") != "no"
        and not config.getoption("collectonly", False)
    )
    try:
        settings = read_settings(config, environ_of(config))
        if budgets_only:
            settings = settings.for_budgets()
        with closing(StartingProbe(settings.speed)) as probe:
            # Imported while the probe's helper starts.
            from pytest_carbon.session.measure.instruments import open_instruments
            from pytest_carbon.session.run import Run

            instruments = open_instruments(settings, workers=_workers_here(worker), probe=probe)
        config.add_cleanup(instruments.close)
        if worker is None:
            Run(config, settings, instruments, None).collect(records=not distributes)
        elif BASELINES not in worker:
            Run(config, settings, instruments, worker).follow()
        else:
            from pytest_carbon.session.hosts.told import baselines_at_hand

            with baselines_at_hand(settings, worker[BASELINES]) as there:
                run = Run(config, there, instruments, worker)
            run.follow()
    except CarbonError as error:
        if worker is None:
            raise pytest.UsageError(str(error)) from None
        from pytest_carbon.session.hosts.here import why_not_started

        raise pytest.UsageError(why_not_started(error)) from None


def _workers_here(worker: dict[str, Any] | None) -> int:
    """How many processes of this run share the machine."""
    if worker is None:
        return 1
    count: int = worker.get(WORKERS, worker["workercount"])
    return count
