"""What a look answers: line by line while it runs, so that a crash loses only what it hit.

A line is a ``Said``. What a disk without room, or a test, has left of one is no answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.intake.fault import FaultError, parse_json
from pytest_carbon.measurement import sum_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.resultfile.codec import from_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.looks.order import LookOrder, Unit
    from pytest_carbon.measurement import Measurement

__all__ = ["Said", "Sample", "Transcript", "UnitAnswer", "read_answers"]


class Sample(NamedTuple):
    """One pass over a unit: its cost, and those of the tasks that were asked for, in order.

    ``kernel_s`` of ``cpu_s`` is the kernel's part, and ``blocks_written`` what went to a disk, in
    blocks of 512 bytes.
    """

    cost: Measurement
    tasks: tuple[Measurement | None, ...] = ()
    blocks_written: int = 0
    kernel_s: float = 0.0
    cpu_s: float = 0.0


class Said(NamedTuple):
    """One line of an answer.

    ``begin`` says which test of a ``unit`` runs, and in which pass over it, by ``number``; ``run``
    which one has run, and what it cost, or the ``problem``; ``enough`` which unit is cleared;
    ``failure`` why there is nothing at all.
    """

    begin: str = ""
    run: str = ""
    unit: int = 0
    number: int = 0
    problem: str = ""
    sample: Sample | None = None
    enough: int | None = None
    failure: str = ""


class UnitAnswer(NamedTuple):
    """What a look found out about one unit.

    ``first`` is its first run there, ``None`` where that did not pass; ``repeats`` are the runs
    after it, empty where it cannot run again in one process, and where the first one was enough
    (``is_enough``). ``problem`` says in words why something is missing.
    """

    first: Sample | None = None
    repeats: tuple[Sample, ...] = ()
    is_enough: bool = False
    problem: str = ""


class Transcript:
    """What one process of a look has said, read as it comes."""

    def __init__(self, order: LookOrder) -> None:
        self.failure = ""
        self.running = ""
        self.ready = False
        self._order = order
        self._unit = 0
        self._passes: list[list[list[Sample]]] = [[] for _ in order.units]
        self._problems = [""] * len(order.units)
        self._enough = [False] * len(order.units)

    def take(self, line: bytes) -> None:
        """Take the next line."""
        try:
            self._take(from_plain(Said, parse_json(line, "a line of an answer")))
        except (FaultError, IndexError):
            self.failure = "what it has written down is damaged"

    def _take(self, said: Said) -> None:
        self.ready = True
        self.failure = self.failure or said.failure
        if said.enough is not None:
            self._enough[said.enough] = True
        if said.begin:
            passes = self._passes[said.unit]
            self.running, self._unit = said.begin, said.unit
            if said.number == len(passes):
                passes.append([])
        if said.run:
            if said.sample is None:
                self._fail(said.unit, said.problem or "it was not measured")
            else:
                self._passes[said.unit][-1].append(said.sample)
            self.running = ""

    def ended(self, why: str) -> None:
        """The process has ended before its time; the test that ran is to blame."""
        if self.running:
            self._fail(self._unit, why)
        elif not self.failure:
            self.failure = why

    def _fail(self, index: int, why: str) -> None:
        self._problems[index] = why
        del self._passes[index][-1:]

    def answer(self, index: int) -> UnitAnswer | None:
        """What is known of a unit; ``None`` where it has not had its turn."""
        unit = self._order.units[index]
        whole = [_sum(one) for one in self._passes[index] if len(one) == len(unit.tests)]
        problem, is_enough = self._problems[index], self._enough[index]
        if not whole:
            return UnitAnswer(problem=problem) if problem else None
        if len(whole) <= unit.repeats and not problem and not is_enough:
            return None
        return UnitAnswer(
            first=whole[0], repeats=tuple(whole[1:]), is_enough=is_enough, problem=problem
        )

    @property
    def unfinished(self) -> tuple[Unit, ...]:
        """The units that have no answer yet."""
        return tuple(u for i, u in enumerate(self._order.units) if self.answer(i) is None)


def _sum(samples: Sequence[Sample]) -> Sample:
    if len(samples) == 1:
        return samples[0]
    cost = sum_of(sample.cost for sample in samples)
    assert cost is not None, "there are several"
    return Sample(
        cost=cost,
        blocks_written=sum(sample.blocks_written for sample in samples),
        kernel_s=sum(sample.kernel_s for sample in samples),
        cpu_s=sum(sample.cpu_s for sample in samples),
    )


def read_answers(transcripts: Iterable[tuple[LookOrder, Transcript]]) -> dict[Unit, UnitAnswer]:
    """The answers of all processes of one look, by unit."""
    found: dict[Unit, UnitAnswer] = {}
    for order, transcript in transcripts:
        for index, unit in enumerate(order.units):
            answer = transcript.answer(index)
            if answer is not None:
                found[unit] = answer
    return found
