"""Confirming a suspect: takes the looks that the gate asks for, until it answers."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.gate.confirm import next_step
from pytest_carbon.gate.looks import FreshProcess, Look, Repeat
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pytest_carbon.gate.looks import Suspect
    from pytest_carbon.measurement import Measurement

__all__ = ["Confirmer", "NotRepeatableError"]


class NotRepeatableError(Exception):
    """A test that passed once does not pass again; says nothing about its energy."""


class Confirmer:
    """Takes looks at one suspect.

    ``repeat`` runs the test once more in this process, ``None`` where that cannot be done;
    ``fresh`` runs it in a new process, once and then some repeats, and answers with the
    measurements or with the reason why there are none. ``alone`` keeps other workers quiet.
    """

    def __init__(
        self,
        *,
        repeat: Callable[[], Measurement | None] | None,
        fresh: Callable[[int], list[Measurement] | str] | None,
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
        """Look until the gate decides; bounded by the policy's time."""
        start_s = self._clock_s()
        looks: list[Look] = []
        suspect = replace(suspect, fresh_processes=self._fresh is not None)
        while True:
            step = next_step(suspect, looks, self._clock_s() - start_s)
            if isinstance(step, Verdict):
                return step
            self._sleep(step.after_s)
            try:
                with self._alone():
                    at_s = self._clock_s() - start_s
                    looks.append(self._look(step, at_s))
            except NotRepeatableError as error:
                if isinstance(step, FreshProcess) and self._repeat is not None:
                    self._fresh = None
                    suspect = replace(suspect, fresh_processes=False)
                    looks = [look for look in looks if not look.fresh_process]
                    continue
                return _not_repeatable(suspect, str(error))

    def _look(self, step: Repeat | FreshProcess, at_s: float) -> Look:
        if isinstance(step, Repeat) and self._repeat is not None:
            measurements = [self._again(self._repeat) for _ in range(step.count)]
            return _as_look(measurements, at_s, fresh=False)
        if self._fresh is None:
            raise NotRepeatableError("it cannot be run again in this process")
        if isinstance(step, Repeat):
            # A process of its own, without its first run: nothing here counts this test twice.
            return _as_look(self._from_fresh(step.count)[1:], at_s, fresh=False)
        # In a run, earlier tests have paid for what a lone first run pays (imports, caches), so
        # that one is not comparable: it only warms the process up.
        return _as_look(self._from_fresh(step.repeats + 1)[1:], at_s, fresh=True)

    def _from_fresh(self, repeats: int) -> list[Measurement]:
        assert self._fresh is not None, "asked only where there is one"
        answer = self._fresh(repeats)
        if isinstance(answer, str):
            raise NotRepeatableError(answer)
        return answer

    @staticmethod
    def _again(repeat: Callable[[], Measurement | None]) -> Measurement:
        measurement = repeat()
        if measurement is None:
            raise NotRepeatableError("it did not pass when run again")
        return measurement


def _as_look(measurements: list[Measurement], at_s: float, *, fresh: bool) -> Look:
    if any(m.energy_j is None for m in measurements):
        raise NotRepeatableError("a meter was lost meanwhile")
    return Look(
        samples_j=tuple(m.energy_j or 0.0 for m in measurements),
        raw_j=tuple(m.raw_j or 0.0 for m in measurements),
        fresh_process=fresh,
        at_s=at_s,
    )


def _not_repeatable(suspect: Suspect, reason: str) -> Verdict:
    return Verdict(
        outcome=Outcome.INCONCLUSIVE,
        now_j=suspect.first_j,
        baseline_j=suspect.entry.first.centre_j,
        tolerance=suspect.policy.tolerance,
        reason=f"not repeatable: {reason}",
    )
