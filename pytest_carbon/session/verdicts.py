"""The verdict on a test or a task that passed: judged, and confirmed where it is a suspect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_carbon.gate.budget import over_budget
from pytest_carbon.gate.verdict import Outcome

if TYPE_CHECKING:
    import pytest

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.measurement import Measurement, Subject
    from pytest_carbon.session.again import Confirmations
    from pytest_carbon.session.costs import Part
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.markers import Limits
    from pytest_carbon.session.repeat import Again

__all__ = ["Case", "Verdicts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test that passed, or a task in it, with all that a verdict may need.

    ``again`` can run the test anew, ``part`` tells a task from its test, ``worst`` is what is
    held against the budget where that is not ``total``, ``explained`` says why a rise needs no
    confirmation, ``collected`` whether a full garbage collection fell into the run.
    """

    subject: Subject
    total: Measurement
    limits: Limits
    item: pytest.Item
    again: Again | None
    part: Part | None = None
    worst: Measurement | None = None
    explained: str = ""
    collected: bool = False


class Verdicts:
    """Brings what one run has measured before the judge, and takes the looks that it asks for.

    ``gates`` says whether baselines are held against it; budgets always are.
    """

    def __init__(self, judge: Judge, confirmations: Confirmations, *, gates: bool) -> None:
        self._judge = judge
        self._confirmations = confirmations
        self._gates = gates

    def of(self, case: Case) -> Verdict | None:
        """The worst of what baseline, anchor and budget say; only the first one that fails."""
        verdict = None
        if self._gates:
            verdict = self._against_baseline(case)
            if verdict is None or not verdict.outcome.fails:
                verdict = self._judge.creep(case.subject, case.limits) or verdict
        budget_j = self._judge.budget_j(case.limits)
        now_j = (case.worst or case.total).energy_j
        if budget_j is None or now_j is None or not over_budget(now_j, budget_j):
            return verdict
        if verdict is not None and verdict.outcome.fails:
            return verdict
        part = None if case.part is None else replace(case.part, worst=True)
        with self._confirmations.confirmer([case.item], case.again, part) as confirmer:
            on_budget = confirmer.budget_verdict(now_j, budget_j, self._judge.policy)
        return verdict if on_budget.outcome is Outcome.OK and verdict is not None else on_budget

    def _against_baseline(self, case: Case) -> Verdict | None:
        subject, total, limits = case.subject, case.total, case.limits
        suspect = self._judge.suspect(subject, total, limits, collected=case.collected)
        if suspect is None:
            return self._judge.verdict(subject, total, limits)
        if case.explained or self._confirmations.is_out_of_time:
            reason = case.explained or "out of confirm time for this run"
            return self._judge.verdict(subject, total, limits, reason)
        with self._confirmations.confirmer([case.item], case.again, case.part) as confirmer:
            return confirmer.verdict(suspect)
