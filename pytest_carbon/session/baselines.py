"""The baselines of a run: what is stored for this environment, and what a run adds to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.intensity.location import OWN_ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.baseline.store import BaselineStore
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.settings import Settings

__all__ = ["NEXT_STEP", "Baselines"]

NEXT_STEP = "pytest-carbon compare main (needs no baselines), or pytest-carbon refresh"
"""What to do where there is nothing to compare with; the same wherever it is said."""


class Baselines:
    """Loads the baselines of this environment, and updates them from a finished run.

    ``intensity`` is the pinned one: what the user asked for, else what is stored, else what
    was found; ``notes`` what to say about it. ``place`` says in words where baselines come from,
    ``in_short`` in a few, ``incomparable`` why those of other environments do not count,
    ``next_step`` what to do where there is nothing to compare with. Raises ``BaselineError`` for a
    file that cannot be used.
    """

    def __init__(self, settings: Settings, environment: Environment, found: Intensity) -> None:
        self._settings = settings
        self._environment = environment
        # What reads baselines is imported only where there are any.
        is_there = _may_be_there(settings.baselines)
        stored = self._store.load(environment) if is_there else None
        self.entries: Mapping[Subject, Entry] = stored.entries if stored else {}
        self.reference_ns = stored.reference_ns if stored else None
        self.intensity = found
        self.notes: list[str] = []
        if stored is not None and self._keeps(stored.intensity, found):
            reason = f"pinned with the baselines; {stored.intensity.reason}"
            self.intensity = stored.intensity._replace(reason=reason)
            if settings.intensity and stored.intensity.g_per_kwh != found.g_per_kwh:
                self.notes.append(_newer(stored.intensity, found))
        self.incomparable = self._why_incomparable() if is_there and not stored else ""
        self.place = self._place(stored)
        self.in_short = self._in_short(stored)
        self.next_step = "" if stored is not None or settings.stores else NEXT_STEP

    @property
    def path(self) -> Path:
        """The file of this environment's baselines."""
        return self._store.path(self._environment)

    @property
    def _store(self) -> BaselineStore:
        from pytest_carbon.baseline.store import BaselineStore

        return BaselineStore(self._settings.baselines)

    def _keeps(self, stored: Intensity, found: Intensity) -> bool:
        """Whether budgets stay at the stored figure.

        A place that is set keeps the figure it was stored with, also when a later version of this
        plugin ships a newer one; another place, or a figure of the user's own, is a new pin.
        """
        if not self._settings.intensity:
            return True
        return found.zone == stored.zone != OWN_ZONE and not self._settings.stores

    def _place(self, stored: BaselineFile | None) -> str:
        folder = self._settings.baselines.name
        if stored is not None:
            return f"{folder} ({len(stored.entries)} stored for this environment)"
        if self.incomparable:
            return f"{folder} ({self.incomparable})"
        return f"{folder} (none stored)"

    def _in_short(self, stored: BaselineFile | None) -> str:
        if stored is None:
            where = " for this environment" if self.incomparable else ""
            return f"no baselines{where}"
        count = len(stored.entries)
        return "1 baseline" if count == 1 else f"{count} baselines"

    def _why_incomparable(self) -> str:
        nearest = self._store.nearest(self._environment)
        if not nearest:
            return ""
        facts = [
            f"{name} {there} there, {here} here"
            for name, (here, there) in nearest[0].differences.items()
        ]
        return f"baselines of another environment only: {', '.join(facts)}"

    def update(self, result: RunResult, *, names: bool) -> list[str]:
        """Store what a run measured, as ``--carbon-update`` asks; returns what to say.

        What was stored is counted, and listed where ``names`` are wanted.
        """
        if not self._settings.stores:
            return []
        from pytest_carbon.updates.plan import Mode
        from pytest_carbon.updates.preview import counted
        from pytest_carbon.updates.refresh import plan_runs, preview_refresh, store_runs

        mode, policy = Mode(self._settings.update or "all"), self._settings.policy
        if self._settings.diff:
            # What is stored is read again, since another process may have written meanwhile.
            stored = self._store.load(self._environment)
            lines = list(preview_refresh(plan_runs(stored, [result], mode, policy)))
            return ["this is what would change; nothing is written", *lines]
        done = store_runs(self._store, [result], mode, policy)
        name = self._store.path(self._environment).name
        lines = list(preview_refresh(done)) if names else []
        written = "written" if done.written else "unchanged"
        return [f"{name} is {written}: {counted(done.plan)}", *lines]


def _may_be_there(folder: Path) -> bool:
    """Whether something is there, or what is in its way: a name that is too long, a file."""
    try:
        os.lstat(folder)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _newer(stored: Intensity, found: Intensity) -> str:
    return (
        f"the baselines are pinned at {stored.g_per_kwh:g} g/kWh of {stored.period} for "
        f"{stored.zone}; --carbon-update pins {found.g_per_kwh:g} of {found.period}"
    )
