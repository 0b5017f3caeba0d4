"""Confirming suspects: takes looks that all of them share, until each question has its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_carbon.gate.looks import Look
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.looks.order import OUT_OF_TIME
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.looks.answer import Sample, UnitAnswer
    from pytest_carbon.looks.order import AskedTask
    from pytest_carbon.looks.questions import Question, Tested
    from pytest_carbon.looks.taker import LookTaker
    from pytest_carbon.measurement import Measurement

__all__ = ["confirm", "repeats_for"]

# Runs of a test after the first one; fewer where all would take longer than this. More would tell
# little, as they share the moment and the process.
REPEATS = 4
LOOK_S = 2.0

# The speed of a shared core is correlated by 0.1 after 2 s; a process takes half a second to start.
BETWEEN_LOOKS_S = 1.5

# All suspects of a run may take so many times what one may take.
MOST_SUSPECTS = 10


def repeats_for(wall_s: float, most: int = REPEATS, look_s: float = LOOK_S) -> int:
    """How often a test of ``wall_s`` runs again in a look that takes ``look_s``: at least once."""
    repeats = most
    while repeats > 1 and (1 + repeats) * wall_s > look_s:
        repeats -= 1
    return repeats


@dataclass(slots=True)
class _Case:
    """All questions about the same tests, and what is known of them so far."""

    tested: Tested
    questions: list[tuple[int, Question]]
    repeats: int
    looks: dict[int, list[Look]] = field(default_factory=dict)
    taken: int = 0
    spent_s: float = 0.0

    @property
    def tasks(self) -> tuple[AskedTask, ...]:
        return tuple(dict.fromkeys(q.task for _, q in self.questions if q.task is not None))

    @property
    def enough_j(self) -> tuple[float, ...]:
        if self.taken or len(self.questions) > 1 or self.tasks:
            return ()
        return self.questions[0][1].enough_j(max(1, self.repeats))

    @property
    def urgency(self) -> tuple[int, float]:
        """Cases that were looked at come first, then those that rose most."""
        return -self.taken, -max(question.excess for _, question in self.questions)

    @property
    def look_s(self) -> float:
        return (1 + self.repeats) * self.tested.wall_s


def confirm(
    questions: Sequence[Question],
    taker: LookTaker,
    *,
    confirm_time_s: float,
    bounded: bool = True,
    clock_s: Callable[[], float] = System.monotonic,
    pause: Callable[[float], None] = System.sleep,
) -> list[Verdict]:
    """The verdicts on all questions, in their order.

    One look runs whatever is still open. ``confirm_time_s`` is what a single suspect may take;
    ``bounded``: all together take ten times that at most.
    """
    verdicts: dict[int, Verdict] = {}
    cases = _cases(questions)
    until_s = clock_s() + MOST_SUSPECTS * confirm_time_s if bounded else None
    last_s = -math.inf
    while cases:
        if until_s is not None and clock_s() >= until_s:
            break
        pause(max(0.0, BETWEEN_LOOKS_S - (clock_s() - last_s)))
        chosen = _that_fit(cases, None if until_s is None else until_s - clock_s())
        answers = taker.look(
            [(case.tested, case.repeats, case.tasks, case.enough_j) for case in chosen],
            confirm_time_s,
            until_s,
        )
        last_s = clock_s()
        for case, answer in zip(chosen, answers, strict=True):
            _learn(case, answer, verdicts, confirm_time_s)
        cases = [case for case in cases if case.questions]
    for case in cases:
        for index, question in case.questions:
            verdicts[index] = question.unanswered(case.looks.get(index, ()), OUT_OF_TIME)
    return [verdicts[index] for index in range(len(questions))]


def _cases(questions: Sequence[Question]) -> list[_Case]:
    cases: dict[tuple[str, ...], _Case] = {}
    for index, question in enumerate(questions):
        tested = question.tested
        case = cases.get(tested.tests)
        if case is None:
            case = cases[tested.tests] = _Case(tested, [], repeats_for(tested.wall_s))
        case.questions.append((index, question))
    return list(cases.values())


def _that_fit(cases: Sequence[_Case], left_s: float | None) -> list[_Case]:
    """As many cases as can be decided in the time that is left: at least one."""
    if left_s is None:
        return list(cases)
    chosen: list[_Case] = []
    for case in sorted(cases, key=lambda case: case.urgency):
        # A first look is of no use without the second.
        left_s -= case.look_s * (1 if case.taken else 2)
        if left_s < 0 and chosen:
            break
        chosen.append(case)
    return [case for case in cases if case in chosen]


def _learn(
    case: _Case, answer: UnitAnswer, verdicts: dict[int, Verdict], confirm_time_s: float
) -> None:
    """Take a look's answer; questions that it decides leave the case."""
    case.taken += 1
    if answer.problem:
        # As often as it has passed, it passes again.
        case.repeats = len(answer.repeats)
    if answer.first is not None:
        case.spent_s += sum(s.cost.wall_s for s in (answer.first, *answer.repeats))
    out_of_time = OUT_OF_TIME if case.spent_s > confirm_time_s else ""
    still_open = []
    for index, question in case.questions:
        looks = case.looks.setdefault(index, [])
        look = _as_look(answer, question.task, case.tasks)
        if isinstance(look, str):
            verdict: Verdict | None = question.unanswered(looks, f"measured again: {look}")
        else:
            looks.append(look)
            verdict = question.verdict(looks)
            if verdict is None and out_of_time:
                verdict = question.unanswered(looks, out_of_time)
            if verdict is not None and answer.problem and verdict.outcome is Outcome.INCONCLUSIVE:
                verdict = verdict._replace(reason=f"{verdict.reason}: {answer.problem}")
        if verdict is None:
            still_open.append((index, question))
        else:
            verdicts[index] = verdict
    case.questions = still_open


def _as_look(
    answer: UnitAnswer, task: AskedTask | None, tasks: tuple[AskedTask, ...]
) -> Look | str:
    """What an answer says about a test or a task in it; or why it says nothing."""

    def cost(sample: Sample) -> Measurement | None:
        if task is None:
            return sample.cost
        return dict(zip(tasks, sample.tasks, strict=False)).get(task)

    if answer.first is None:
        return answer.problem
    passes = answer.repeats or ((answer.first,) if answer.is_enough else ())
    costs = [cost(sample) for sample in (answer.first, *passes)]
    if any(one is None for one in costs):
        return "the task did not run"
    known = [(one.energy_j, one.raw_j) for one in costs if one is not None]
    energies_j = [energy_j for energy_j, _ in known if energy_j is not None]
    if len(energies_j) < len(known):
        return "a meter was lost in a fresh process"
    blocks = [sample.blocks_written for sample in passes or (answer.first,)]
    return Look(
        first_j=energies_j[0],
        samples_j=tuple(energies_j[1:]),
        raw_j=tuple(raw_j or 0.0 for _, raw_j in known[1:]),
        blocks_written=sum(blocks) / len(blocks),
    )
