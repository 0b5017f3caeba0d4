"""The judge: brings a test's figure, its baseline and its budget before the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.gate.budget import over_budget
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.screen import can_see, fall, is_suspect, is_too_small, limit_j
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.measurement import Measurement, Subject
    from pytest_carbon.session.markers import Limits

__all__ = ["Judge"]

# Uncorrected, the same work costs 1.0 to 2.3 times the CPU time on a shared core, for seconds on
# end: repeats that agree with each other say little of the spread between runs.
UNCORRECTED_SD = 0.35


class Judge:
    """Knows what is stored and allowed, and asks the gate's pure functions.

    ``entries`` are the baselines of this environment (empty where none is stored),
    ``incomparable`` says in words why those of other environments do not count, ``intensity``
    is the pinned one, ``method`` how the figures came about, ``follows_speed`` whether they
    are corrected for the speed of the core.
    """

    def __init__(
        self,
        entries: Mapping[Subject, Entry],
        policy: Policy,
        intensity: Intensity,
        *,
        method: str,
        incomparable: str = "",
        follows_speed: bool = False,
    ) -> None:
        self.intensity = intensity
        self.method = method
        self.policy = policy
        self._entries = entries
        self._incomparable = incomparable
        self._suite_sd = suite_sd(entries.values())
        if not follows_speed:
            self._suite_sd = max(self._suite_sd, UNCORRECTED_SD)

    @property
    def has_baselines(self) -> bool:
        """Whether any test can become a suspect."""
        return bool(self._entries)

    def knows(self, subject: Subject) -> bool:
        """Whether a baseline is stored for the subject."""
        return subject in self._entries

    def budget_j(self, limits: Limits) -> float | None:
        """The ceiling of a test in joules, at the pinned intensity."""
        if limits.budget is None:
            return None
        return limits.budget.energy_j(self.intensity.g_per_kwh)

    def suspect(self, subject: Subject, total: Measurement, limits: Limits) -> Suspect | None:
        """What is to be confirmed about a passed test; ``None`` where nothing is."""
        entry = self._entries.get(subject)
        now_j = total.energy_j
        if entry is None or now_j is None:
            return None
        policy = self._policy(limits)
        if is_too_small(now_j, entry, policy):
            return None
        if not is_suspect(now_j, entry, policy, self._suite_sd, total.raw_j):
            return None
        return Suspect(
            entry=entry,
            first_j=now_j,
            policy=policy,
            suite_sd=self._suite_sd,
            suite_size=len(self._entries),
        )

    def verdict(self, subject: Subject, total: Measurement, limits: Limits) -> Verdict | None:
        """What the gate says of a test that is no suspect; ``None`` for unknown energy."""
        now_j = total.energy_j
        if now_j is None:
            return None
        entry = self._entries.get(subject)
        if entry is None:
            outcome = Outcome.INCOMPARABLE if self._incomparable else Outcome.NEW
            return Verdict(outcome=outcome, now_j=now_j, reason=self._incomparable)
        policy = self._policy(limits)
        outcome = Outcome.OK
        if is_too_small(now_j, entry, policy):
            outcome = Outcome.TOO_SMALL
        elif fall(now_j, entry, policy, self._suite_sd):
            outcome = Outcome.IMPROVED
        return Verdict(
            outcome=outcome,
            now_j=now_j,
            baseline_j=entry.first.centre_j,
            tolerance=policy.tolerance,
            limit_j=limit_j(entry, policy, self._suite_sd),
            can_see=None if outcome is Outcome.TOO_SMALL else self._can_see(entry, policy),
        )

    def over_budget(
        self, verdict: Verdict | None, total: Measurement | None, limits: Limits
    ) -> Verdict | None:
        """The verdict on the ceiling, where ``total`` exceeds it."""
        budget_j = self.budget_j(limits)
        now_j = None if total is None else total.energy_j
        if budget_j is None or now_j is None or not over_budget(now_j, budget_j):
            return None
        if verdict is None:
            return Verdict(outcome=Outcome.OVER_BUDGET, now_j=now_j, limit_j=budget_j)
        return replace(verdict, outcome=Outcome.OVER_BUDGET, now_j=now_j, limit_j=budget_j)

    def _policy(self, limits: Limits) -> Policy:
        if limits.tolerance is None:
            return self.policy
        return replace(self.policy, tolerance=limits.tolerance)

    def _can_see(self, entry: Entry, policy: Policy) -> float | None:
        if entry.first.centre_j <= 0:
            return None
        return can_see(entry, policy, self._suite_sd)
