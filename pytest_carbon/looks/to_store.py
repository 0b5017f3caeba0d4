"""Looks to be stored: what baselines hold of tests beside their first runs in whole sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.sums import subset
from pytest_carbon.looks.confirm import repeats_for
from pytest_carbon.looks.order import AskedTask
from pytest_carbon.looks.questions import Tested
from pytest_carbon.measurement import Kind, Subject, file_of
from pytest_carbon.result.subject import LookRuns
from pytest_carbon.tasks.names import SEPARATOR, subject_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from pytest_carbon.looks.answer import Sample, UnitAnswer
    from pytest_carbon.looks.taker import LookTaker
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["STORED_LOOK_S", "look_to_store", "worth_a_look"]

# A short test runs once more, with the others of its file, as much as their sum needs.
REPEATS_SHORT = 1

# A look to be stored is one of several, so that long tests run in it as seldom as can be.
STORED_LOOK_S = 0.5

# Linux splits CPU time by what its ticks, 4 ms apart, hit: of less than two, nothing is known.
_LEAST_TICKS_S = 0.01


def worth_a_look(
    tests: Iterable[SubjectResult], floor_j: float, before: AbstractSet[Subject] = frozenset()
) -> list[SubjectResult]:
    """The tests that are to be run again: those above the floor, and short ones for their sums.

    Of a file's short tests only as many are, picked at even distances, as a sum needs; where some
    of them were ``before``, those are.
    """
    chosen: list[SubjectResult] = []
    short: dict[str, list[SubjectResult]] = {}
    for test in tests:
        if test.total.energy_j is None or test.ungated:
            continue
        if test.total.energy_j >= floor_j:
            chosen.append(test)
        else:
            short.setdefault(file_of(test.subject.id), []).append(test)
    for found in short.values():
        again = [test for test in found if test.subject in before]
        chosen += again or subset(found, lambda test: test.total.wall_s)
    return chosen


def look_to_store(
    tests: Sequence[SubjectResult],
    tasks: Mapping[str, Sequence[Subject]],
    taker: LookTaker,
    *,
    floor_j: float,
    most_repeats: int,
    sensitivity: Callable[[Subject], float],
    timeout_s: float,
) -> tuple[dict[Subject, LookRuns], dict[str, str]]:
    """One look at each of ``tests``; what it found by subject, and why a test says nothing.

    ``tasks`` are those of tests, by the tests' ids.
    """
    asked = []
    for test in tests:
        name = test.subject.id
        is_short = (test.total.energy_j or 0.0) < floor_j
        tested = Tested(
            tests=(name,), sensitivities=(sensitivity(test.subject),), wall_s=test.total.wall_s
        )
        paths = [t.id.removeprefix(name).removeprefix(SEPARATOR) for t in tasks.get(name, ())]
        parts = tuple(
            AskedTask(path, sensitivity(Subject(Kind.TASK, subject_id(name, path))))
            for path in paths
        )
        repeats = (
            REPEATS_SHORT
            if is_short
            else repeats_for(test.total.wall_s, most_repeats, STORED_LOOK_S)
        )
        asked.append((tested, repeats, parts, ()))
    found: dict[Subject, LookRuns] = {}
    problems: dict[str, str] = {}
    if not asked:
        return found, problems
    for (tested, _, parts, _), answer in zip(asked, taker.look(asked, timeout_s), strict=True):
        (name,) = tested.tests
        if answer.problem:
            problems[name] = answer.problem
        if answer.first is None:
            continue
        found[Subject(Kind.TEST, name)] = _runs(answer, None)
        for place, part in enumerate(parts):
            passes = (answer.first, *answer.repeats)
            if all(sample.tasks[place] is not None for sample in passes):
                found[Subject(Kind.TASK, subject_id(name, part.path))] = _runs(answer, place)
    return found, problems


def _runs(answer: UnitAnswer, task: int | None) -> LookRuns:
    """The runs of a test, or of the task at a place among those that were asked for."""
    assert answer.first is not None, "asked only where there is a first run"

    def cost(sample: Sample) -> Measurement:
        measured = sample.cost if task is None else sample.tasks[task]
        assert measured is not None, "asked only where the task has run"
        return measured

    passes = answer.repeats or (answer.first,)
    cpu_s = sum(sample.cpu_s for sample in passes)
    blocks = sum(sample.blocks_written for sample in passes)
    has_written = cpu_s >= _LEAST_TICKS_S and blocks > 0
    return LookRuns(
        first=cost(answer.first),
        repeats=tuple(cost(sample) for sample in answer.repeats),
        disk_share=sum(s.kernel_s for s in passes) / cpu_s if has_written else None,
        blocks_written=blocks / len(passes) if has_written else None,
    )
