"""Takes a look that is to be stored, where a run of the user is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.looks.to_store import look_to_store, worth_a_look
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.looks.taker import LookTaker
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.judge import Judge

__all__ = ["StoredLook"]

# A run with --carbon-update is to take three times as long as one without: once for the session,
# and once and again for the look.
REPEATS = 1


class StoredLook:
    """Adds a look to the results of tests that passed; ``taker`` says in words why it cannot."""

    def __init__(self, judge: Judge, taker: LookTaker | str) -> None:
        self.notes: list[str] = []
        self._judge = judge
        self._taker = taker

    def added_to(
        self, passed: Sequence[SubjectResult], owners: Mapping[Subject, str]
    ) -> list[SubjectResult]:
        """Those of the results that have got a look; ``owners`` are the tests of tasks."""
        policy = self._judge.policy
        if isinstance(self._taker, str) or not policy.confirm_time_s:
            why = self._taker if isinstance(self._taker, str) else "--carbon-confirm-time=0"
            self.notes = [
                f"stored without measuring again, so later verdicts will be less certain: {why}"
            ]
            return []
        tests = [result for result in passed if result.subject.kind is Kind.TEST]
        tasks: dict[str, list[Subject]] = {}
        for result in passed:
            if result.subject.kind is Kind.TASK:
                tasks.setdefault(owners[result.subject], []).append(result.subject)
        found, problems = look_to_store(
            worth_a_look(tests, policy.floor_j),
            tasks,
            self._taker,
            floor_j=policy.floor_j,
            most_repeats=REPEATS,
            sensitivity=self._judge.sensitivity,
            timeout_s=policy.confirm_time_s,
        )
        self.notes = [f"{test}: measured again: {why}" for test, why in problems.items()]
        return [
            result._replace(looks=(found[result.subject],))
            for result in passed
            if result.subject in found
        ]
