"""The baselines of a run: what is stored for this environment, and what a run adds to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.policy import Mode, Rules, plan_update
from pytest_carbon.baseline.preview import preview_update
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.gate.screen import is_suspect
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.measurement import Kind
from pytest_carbon.samples import entry_from_runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.baseline.policy import UpdatePlan
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result import RunResult
    from pytest_carbon.settings import Settings

__all__ = ["Baselines"]


class Baselines:
    """Loads the baselines of this environment, and updates them from a finished run.

    ``intensity`` is the pinned one: what the user asked for, else what is stored, else what
    was found. ``place`` says in words where baselines come from, ``incomparable`` why those of
    other environments do not count. Raises ``BaselineError`` for a file that cannot be used.
    """

    def __init__(self, settings: Settings, environment: Environment, found: Intensity) -> None:
        self._settings = settings
        self._environment = environment
        self._store = BaselineStore(settings.baselines)
        stored = self._store.load(environment)
        self.entries: Mapping[Subject, Entry] = stored.entries if stored else {}
        self.reference_ns = stored.reference_ns if stored else None
        self.intensity = found
        if stored is not None and not settings.intensity:
            reason = f"pinned with the baselines; {stored.intensity.reason}"
            self.intensity = replace(stored.intensity, reason=reason)
        self.incomparable = "" if stored else self._why_incomparable()
        self.place = self._place(stored)

    def _beyond_tolerance(self, measured: Mapping[Subject, Entry]) -> set[Subject]:
        """The rises that the gate would not let pass.

        A single run says little of its spread; still, what the gate refuses, an update that is
        asked to accept rises has to store.
        """
        policy = self._settings.policy
        sd = suite_sd(self.entries.values())
        return {
            subject
            for subject, entry in measured.items()
            if (old := self.entries.get(subject)) is not None
            and entry.first.centre_j > old.first.centre_j * (1 + policy.tolerance)
            and is_suspect(entry.first.centre_j, old, policy, sd)
        }

    def _place(self, stored: BaselineFile | None) -> str:
        folder = self._settings.baselines.name
        if stored is not None:
            return f"{folder} ({len(stored.entries)} stored for this environment)"
        if self.incomparable:
            return f"{folder} ({self.incomparable})"
        return f"{folder} (none stored; --carbon-update stores this run)"

    def _why_incomparable(self) -> str:
        nearest = self._store.nearest(self._environment)
        if not nearest:
            return ""
        facts = [
            f"{name} {there} there, {here} here"
            for name, (here, there) in nearest[0].differences.items()
        ]
        return (
            "baselines of another environment only: "
            + ", ".join(facts)
            + "; --carbon-update stores this one beside it"
        )

    def update(self, result: RunResult) -> list[str]:
        """Store what a run measured, as ``--carbon-update`` asks; returns what to say."""
        if not self._settings.stores:
            return []
        measured = {}
        for subject in result.of(Kind.TEST):
            if subject.test_outcome != "passed":
                continue
            old = self.entries.get(subject.subject)
            entry = entry_from_runs([subject], None if old is None else old.sensitivity)
            if entry is not None:
                measured[subject.subject] = entry

        rules = Rules(
            mode=Mode(self._settings.update or "all"), tolerance=self._settings.policy.tolerance
        )
        decided = self._beyond_tolerance(measured)
        if self._settings.diff:
            plan = plan_update(self.entries, measured, rules, passed=measured, decided=decided)
            return ["this is what would change; nothing is written", *preview_update(plan)]
        plans: list[UpdatePlan] = []

        def change(old: BaselineFile | None) -> BaselineFile:
            base = old or BaselineFile(
                environment=self._environment,
                intensity=self.intensity,
                reference_ns=result.reference_ns,
            )
            if self._settings.intensity:
                base = replace(base, intensity=self.intensity)
            plans.append(
                plan_update(base.entries, measured, rules, passed=measured, decided=decided)
            )
            return plans[-1].apply(base)

        stored = self._store.update(self._environment, change)
        done = "written" if stored.written else "unchanged"
        return [f"{stored.path.name} is {done}", *preview_update(plans[-1])]
