"""What the tests of looks share: costs, lines of an answer, and a host that answers as told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.policy import Policy
from pytest_carbon.looks.answer import Sample, UnitAnswer
from pytest_carbon.looks.questions import AgainstBaseline, AgainstBudget, Tested
from pytest_carbon.looks.taker import LookTaker
from pytest_carbon.measurement import DomainEnergy, Measurement, Method

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_carbon.looks.order import AskedTask, LookOrder, Unit

WALL_S = 0.1


def cost(energy_j: float, wall_s: float = WALL_S) -> Measurement:
    energy = DomainEnergy("cpu", energy_j, 0.0, Method.MODELLED)
    return Measurement(cpu_s=wall_s, wall_s=wall_s, work_s=wall_s, energies=(energy,))


def run_for(*tests: str, wall_s: float = WALL_S) -> Tested:
    return Tested(tests=tests, sensitivities=(0.9,) * len(tests), wall_s=wall_s)


def against_baseline(
    test: str,
    now_j: float = 3.0,
    *,
    wall_s: float = WALL_S,
    task: AskedTask | None = None,
    policy: Policy | None = None,
) -> AgainstBaseline:
    """A suspect whose baseline is 1 J."""
    spread = Spread(centre_j=1.0, sd_log=0.05, samples=10, processes=10)
    return AgainstBaseline(
        tested=run_for(test, wall_s=wall_s),
        suspect=Suspect(
            bounds=Bounds.of(
                Entry(first=spread, look=spread, sensitivity=0.9), policy or Policy(), 0.05
            ),
            first_j=now_j,
        ),
        task=task,
    )


def against_budget(
    test: str, now_j: float = 3.0, *, wall_s: float = WALL_S, task: AskedTask | None = None
) -> AgainstBudget:
    """A test over its budget of 1 J."""
    return AgainstBudget(tested=run_for(test, wall_s=wall_s), now_j=now_j, budget_j=1.0, task=task)


Answer = UnitAnswer | float
"""What a unit answers; joules stand for a first run and as many further ones as were asked for."""


@dataclass
class Host:
    """Carries out orders at once, by ``answers`` to units' first tests, and keeps the time.

    A list holds the answers look by look, of which the last one stays. ``left`` has the seconds
    that each look was given.
    """

    answers: Mapping[str, Answer | list[Answer]] = field(default_factory=dict)
    orders: list[LookOrder] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    left: list[float | None] = field(default_factory=list)
    now_s: float = 1000.0

    def clock_s(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    def take(self, order: LookOrder, until_s: float | None) -> Mapping[Unit, UnitAnswer]:
        self.orders.append(order)
        self.left.append(None if until_s is None else until_s - self.now_s)
        answers = {unit: self._answer(unit) for unit in order.units}
        for answer in answers.values():
            runs = [answer.first, *answer.repeats] if answer.first else []
            self.now_s += sum(sample.cost.wall_s for sample in runs if sample)
        return answers

    def _answer(self, unit: Unit) -> UnitAnswer:
        test = unit.tests[0]
        given = self.answers[test]
        if isinstance(given, list):
            before = sum(any(u.tests[0] == test for u in o.units) for o in self.orders[:-1])
            given = given[min(before, len(given) - 1)]
        if isinstance(given, UnitAnswer):
            return given
        sample = Sample(cost(given))
        return UnitAnswer(first=sample, repeats=(sample,) * unit.repeats)

    @property
    def taker(self) -> LookTaker:
        return LookTaker(take=self.take, reference_ns=1000.0, probe="edges-words14", seed=7)

    @property
    def looked_at(self) -> list[list[str]]:
        """The tests of each look."""
        return [[test for unit in order.units for test in unit.tests] for order in self.orders]


def begins(test: str, unit: int = 0, number: int = 0) -> dict[str, Any]:
    """The line that says that a test begins."""
    return {"begin": test, "unit": unit, "number": number}


@pytest.fixture
def ran() -> Callable[..., dict[str, Any]]:
    """Makes the line that says what a run has cost."""
    from pytest_carbon.resultfile.codec import to_plain

    def line(test: str, energy_j: float = 1.0, unit: int = 0, **more: Any) -> dict[str, Any]:
        sample = Sample(cost(energy_j), (), blocks_written=8, kernel_s=0.01, cpu_s=0.1)
        return {"run": test, "unit": unit, "sample": to_plain(sample), **more}

    return line
