"""The judge: brings a subject's figure, its baseline and its budget before the gate."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.budget import over_budget
from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.budget import Budget
    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.looks.order import AskedTask
    from pytest_carbon.looks.questions import Question, Tested
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.markers import Limits

__all__ = ["Judge"]

# Uncorrected, the same work costs 1.0 to 2.3 times the CPU time on a shared core, for seconds on
# end: runs that agree with each other say little of the spread between processes.
UNCORRECTED_SD = 0.35


class Judge:
    """Knows what is stored and allowed, and asks the gate's pure functions.

    ``entries`` are the baselines of this environment (empty where none is stored),
    ``incomparable`` says in words why those of other environments do not count, ``intensity``
    is the pinned one, ``method`` how the figures came about, ``follows_speed`` whether they
    are corrected for the speed of the core. Where it does not ``gate``, only budgets count.
    ``default_budget`` is that of tests that name none.
    ``judges_all``: a test fails for want of a baseline.
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
        gates: bool = True,
        default_budget: Budget | None = None,
    ) -> None:
        self.intensity = intensity
        self.method = method
        self.policy = policy
        self.gates = gates
        self._default_budget = default_budget
        self.suite_size = len(entries)
        # Without any baseline the run fails as a whole.
        self.judges_all = gates and policy.missing_fails and bool(entries)
        self._entries = entries
        self._bounds_made: dict[tuple[Subject, float | None], Bounds] = {}
        self._incomparable = incomparable
        self.suite_sd = suite_sd(entries.values(), policy.floor_j)
        if not follows_speed:
            self.suite_sd = max(self.suite_sd, UNCORRECTED_SD)

    @property
    def has_baselines(self) -> bool:
        """Whether any test can become a suspect."""
        return bool(self._entries)

    @cached_property
    def _screen_sds(self) -> float:
        """How close to its baseline a first run may come; only who judges pays for it."""
        from pytest_carbon.gate.screen import screen_sds

        return screen_sds(self._entries, self.policy, self.suite_sd)

    def entry(self, subject: Subject) -> Entry | None:
        """What is stored for the subject."""
        return self._entries.get(subject)

    def watches_disk(self, test: str) -> bool:
        """Whether what a test writes to disks tells its own doing from the disk's."""
        if not self._entries or not self.gates:
            return False
        entry = self._entries.get(Subject(Kind.TEST, test))
        return entry is not None and bool(entry.blocks_written)

    def sensitivity(self, subject: Subject) -> float:
        """How much the subject's CPU time follows the speed of the core, as far as is known."""
        entry = self._entries.get(subject)
        if entry is None or entry.sensitivity is None:
            return DEFAULT_SENSITIVITY
        return entry.sensitivity

    def budget_j(self, limits: Limits) -> float | None:
        """The ceiling of a test in joules, at the pinned intensity."""
        if limits.budget is None:
            return None
        return limits.budget.energy_j(self.intensity.g_per_kwh)

    def is_default_budget(self, limit_j: float | None) -> bool:
        """Whether a ceiling is the one of tests that name none."""
        default = self._default_budget
        return default is not None and limit_j == default.energy_j(self.intensity.g_per_kwh)

    def is_open(self, result: SubjectResult) -> bool:
        """Whether looks have to tell: a suspect, or one run over a budget."""
        if not self._entries and result.budget_j is None:
            return False
        if result.total.energy_j is None or self._crept(result) is not None:
            return False
        return self._suspect(result) is not None or self._exceeds_budget(result)

    def verdict(self, result: SubjectResult) -> Verdict | None:
        """What one run of a passed subject says, which is not open; ``None`` for nothing."""
        now_j = result.total.energy_j
        if now_j is None:
            return self._unknown(result)
        if not self.gates or result.ungated:
            return None
        entry = self._entries.get(result.subject)
        if entry is None:
            outcome = Outcome.INCOMPARABLE if self._incomparable else Outcome.NEW
            return Verdict(outcome=outcome, now_j=now_j, reason=self._incomparable)
        bounds = self._bounds(result, entry)
        return creep(bounds) or verdict_without_confirmation(
            now_j,
            bounds,
            raw_now_j=result.total.raw_j,
            blocks_written=result.blocks_written,
        )

    def questions(
        self, result: SubjectResult, tested: Tested, task: AskedTask | None = None
    ) -> Iterator[Question]:
        """What is to be asked about an open subject; ``tested`` is what has to run for it."""
        from pytest_carbon.looks.questions import AgainstBaseline, AgainstBudget

        suspect = self._suspect(result)
        if suspect is not None:
            yield AgainstBaseline(tested=tested, suspect=suspect, task=task)
        if self._exceeds_budget(result):
            assert result.budget_j is not None, "what exceeds a budget has one"
            now_j = result.total.energy_j if result.worst_j is None else result.worst_j
            worst = None if task is None else task._replace(worst=True)
            yield AgainstBudget(
                tested=tested, now_j=now_j or 0.0, budget_j=result.budget_j, task=worst
            )

    def fails(self, verdict: Verdict) -> bool:
        """Whether a test with this verdict fails."""
        if verdict.now_j is None:
            return verdict.limit_j is not None or self.policy.missing_fails
        if verdict.outcome is Outcome.INCONCLUSIVE:
            return self.policy.inconclusive_fails
        if verdict.outcome is Outcome.NEW:
            return self.judges_all
        return verdict.outcome.fails

    def _suspect(self, result: SubjectResult) -> Suspect | None:
        """The suspect in a subject, in the thorough mode any that the meter can resolve."""
        entry = self._entries.get(result.subject)
        now_j = result.total.energy_j
        if entry is None or now_j is None or not self.gates or result.ungated:
            return None
        bounds = self._bounds(result, entry)
        if bounds.is_too_small(now_j):
            return None
        if not bounds.policy.thorough and not bounds.is_suspect(
            now_j, result.total.raw_j, blocks_written=result.blocks_written
        ):
            return None
        return Suspect(bounds=bounds, first_j=now_j, suite_size=self.suite_size)

    def _exceeds_budget(self, result: SubjectResult) -> bool:
        now_j = result.total.energy_j if result.worst_j is None else result.worst_j
        budget_j = result.budget_j
        return budget_j is not None and now_j is not None and over_budget(now_j, budget_j)

    def _crept(self, result: SubjectResult) -> Verdict | None:
        """The verdict on a baseline that many accepted small rises have moved; else ``None``."""
        entry = self._entries.get(result.subject)
        if entry is None or not self.gates or result.ungated:
            return None
        return creep(self._bounds(result, entry))

    def _unknown(self, result: SubjectResult) -> Verdict | None:
        """The verdict on a figure that is not known; ``None`` where nobody has asked for it."""
        asked = self.gates and (self.has_baselines or self.policy.missing_fails)
        if result.budget_j is None and not asked:
            return None
        return Verdict(
            outcome=Outcome.INCONCLUSIVE,
            now_j=None,
            limit_j=result.budget_j,
            reason=f"not measured: {', '.join(result.total.missing)} failed",
        )

    def _bounds(self, result: SubjectResult, entry: Entry) -> Bounds:
        """What the subject may cost; made once, as a result is judged more than once."""
        key = result.subject, result.tolerance
        bounds = self._bounds_made.get(key)
        if bounds is None:
            policy = self.policy
            if result.tolerance is not None:
                policy = policy._replace(tolerance=result.tolerance)
            bounds = Bounds.of(entry, policy, self.suite_sd, self._screen_sds)
            self._bounds_made[key] = bounds
        return bounds
