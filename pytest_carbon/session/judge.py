"""The judge: brings a test's figure, its baseline and its budget before the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.decide import verdict_without_confirmation
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.screen import is_suspect, is_too_small
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY

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
        self.suite_size = len(entries)
        self._entries = entries
        self._incomparable = incomparable
        self.suite_sd = suite_sd(entries.values())
        if not follows_speed:
            self.suite_sd = max(self.suite_sd, UNCORRECTED_SD)

    @property
    def has_baselines(self) -> bool:
        """Whether any test can become a suspect."""
        return bool(self._entries)

    @property
    def judges_all(self) -> bool:
        """Whether a test fails for want of a baseline; without any, the run fails as a whole."""
        return self.policy.missing_fails and self.has_baselines

    def entry(self, subject: Subject) -> Entry | None:
        """What is stored for the subject."""
        return self._entries.get(subject)

    def sensitivity(self, subject: Subject) -> float:
        """How much the subject's CPU time follows the speed of the core, as far as is known."""
        entry = self._entries.get(subject)
        if entry is None or entry.sensitivity is None:
            return DEFAULT_SENSITIVITY
        return entry.sensitivity

    def can_resolve(self, total: Measurement | None) -> bool:
        """Whether a test costs enough to be gated by itself."""
        return total is not None and (total.energy_j or 0.0) >= self.policy.floor_j

    def budget_j(self, limits: Limits) -> float | None:
        """The ceiling of a test in joules, at the pinned intensity."""
        if limits.budget is None:
            return None
        return limits.budget.energy_j(self.intensity.g_per_kwh)

    def suspect(
        self, subject: Subject, total: Measurement, limits: Limits, *, collected: bool = False
    ) -> Suspect | None:
        """What is to be confirmed about a passed test; ``None`` where nothing is.

        ``collected``: a full garbage collection fell into it.

        In the thorough gear that is every test that the meter can resolve.
        """
        entry = self._entries.get(subject)
        now_j = total.energy_j
        if entry is None or now_j is None:
            return None
        policy = self._policy(limits)
        if is_too_small(now_j, entry, policy):
            return None
        if not policy.thorough and not is_suspect(now_j, entry, policy, self.suite_sd, total.raw_j):
            return None
        return Suspect(
            entry=entry,
            first_j=now_j,
            policy=policy,
            suite_sd=self.suite_sd,
            suite_size=self.suite_size,
            collected=collected,
        )

    def verdict(
        self, subject: Subject, total: Measurement, limits: Limits, reason: str = ""
    ) -> Verdict | None:
        """What one run of a test says; ``None`` for unknown energy.

        ``reason`` tells why a suspect is not confirmed.
        """
        now_j = total.energy_j
        if now_j is None:
            return None
        entry = self._entries.get(subject)
        if entry is None:
            outcome = Outcome.INCOMPARABLE if self._incomparable else Outcome.NEW
            return Verdict(outcome=outcome, now_j=now_j, reason=self._incomparable)
        return verdict_without_confirmation(
            now_j,
            entry,
            self._policy(limits),
            suite_sd=self.suite_sd,
            raw_now_j=total.raw_j,
            reason=reason,
        )

    def creep(self, subject: Subject, limits: Limits) -> Verdict | None:
        """The verdict on a baseline that many accepted small rises have moved; else ``None``."""
        entry = self._entries.get(subject)
        return None if entry is None else creep(entry, self._policy(limits), self.suite_sd)

    def fails(self, verdict: Verdict) -> bool:
        """Whether a test with this verdict fails."""
        if verdict.outcome is Outcome.INCONCLUSIVE:
            return self.policy.inconclusive_fails
        if verdict.outcome is Outcome.NEW:
            return self.judges_all
        return verdict.outcome.fails

    def _policy(self, limits: Limits) -> Policy:
        if limits.tolerance is None:
            return self.policy
        return replace(self.policy, tolerance=limits.tolerance)
