"""Confirming a suspect: takes the looks that the gate asks for, until it answers."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.gate.budget import budget_step
from pytest_carbon.gate.confirm import next_step
from pytest_carbon.gate.looks import FreshProcess, Look, Repeat
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.session.disk import DiskUse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from pytest_carbon.gate.confirm import Step
    from pytest_carbon.gate.looks import Suspect
    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.measurement import Measurement

    # The looks so far, the seconds so far, whether the test can run in a fresh process.
    Decide: TypeAlias = Callable[[Sequence[Look], float, bool], Step]

__all__ = ["Confirmer", "NotRepeatableError", "Pass"]


class NotRepeatableError(Exception):
    """A test that passed once does not pass again; says nothing about its energy."""


class Pass(NamedTuple):
    """One more run: what it cost, and the blocks of 512 bytes that it wrote to a disk."""

    cost: Measurement
    blocks_written: int = 0


class Confirmer:
    """Takes looks at one suspect.

    ``repeat`` runs the test once more in this process, ``None`` where that cannot be done;
    ``fresh`` runs it in a new process, once and then some repeats, and answers with these passes
    or with the reason why there are none. ``alone`` keeps other workers quiet.
    """

    def __init__(
        self,
        *,
        repeat: Callable[[], Measurement | None] | None,
        fresh: Callable[[int], list[Pass] | str] | None,
        alone: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._repeat = repeat
        self._fresh = fresh
        self._alone = alone
        self._clock_s = clock_s
        self._sleep = sleep

    def verdict(self, suspect: Suspect) -> Verdict:
        """Look at a test that costs more than its baseline allows, until the gate decides."""

        def decide(looks: Sequence[Look], elapsed_s: float, can_be_fresh: bool) -> Step:
            return next_step(replace(suspect, fresh_processes=can_be_fresh), looks, elapsed_s)

        answer = self._look_until(decide)
        if isinstance(answer, Verdict):
            return answer
        return Verdict(
            outcome=Outcome.INCONCLUSIVE,
            now_j=suspect.first_j,
            baseline_j=suspect.entry.first.centre_j,
            tolerance=suspect.policy.tolerance,
            reason=f"not repeatable: {answer}",
        )

    def budget_verdict(self, now_j: float, budget_j: float, policy: Policy) -> Verdict:
        """Look at a test that costs more than its ceiling, until the gate decides."""

        def decide(looks: Sequence[Look], elapsed_s: float, can_be_fresh: bool) -> Step:
            return budget_step(
                now_j, budget_j, looks, policy, elapsed_s, fresh_processes=can_be_fresh
            )

        answer = self._look_until(decide)
        if isinstance(answer, Verdict):
            return answer
        return Verdict(
            outcome=Outcome.INCONCLUSIVE,
            now_j=now_j,
            limit_j=budget_j,
            reason=f"over its budget once; not repeatable: {answer}",
        )

    def _look_until(self, decide: Decide) -> Verdict | str:
        """Look until ``decide`` answers with a verdict; or why the test cannot be looked at."""
        start_s = self._clock_s()
        looks: list[Look] = []
        while True:
            step = decide(looks, self._clock_s() - start_s, self._fresh is not None)
            if isinstance(step, Verdict):
                return step
            self._sleep(step.after_s)
            try:
                with self._alone():
                    looks.append(self._look(step))
            except NotRepeatableError as error:
                if not isinstance(step, FreshProcess) or self._repeat is None:
                    return str(error)
                self._fresh = None
                looks = [look for look in looks if not look.fresh_process]

    def _look(self, step: Repeat | FreshProcess) -> Look:
        if isinstance(step, Repeat) and self._repeat is not None:
            return _as_look([self._again(self._repeat) for _ in range(step.count)])
        if self._fresh is None:
            raise NotRepeatableError("it cannot be run again in this process")
        if isinstance(step, Repeat):
            # A process of its own, without its first run: nothing here counts this test twice.
            return _as_look(self._from_fresh(step.count)[1:])
        first, *repeats = self._from_fresh(step.repeats)
        return _as_look(repeats, first)

    def _from_fresh(self, repeats: int) -> list[Pass]:
        assert self._fresh is not None, "asked only where there is one"
        answer = self._fresh(repeats)
        if isinstance(answer, str):
            raise NotRepeatableError(answer)
        return answer

    @staticmethod
    def _again(repeat: Callable[[], Measurement | None]) -> Pass:
        before = DiskUse.now()
        measurement = repeat()
        if measurement is None:
            raise NotRepeatableError("it did not pass when run again")
        return Pass(measurement, DiskUse.now().since(before).blocks_written)


def _as_look(repeats: list[Pass], first: Pass | None = None) -> Look:
    passes = repeats if first is None else [*repeats, first]
    if any(one.cost.energy_j is None for one in passes):
        raise NotRepeatableError("a meter was lost meanwhile")
    return Look(
        samples_j=tuple(one.cost.energy_j or 0.0 for one in repeats),
        raw_j=tuple(one.cost.raw_j or 0.0 for one in repeats),
        first_j=None if first is None else first.cost.energy_j or 0.0,
        blocks_written=fmean(one.blocks_written for one in repeats or passes),
    )
