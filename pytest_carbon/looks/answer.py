"""What a look answers: line by line while it runs, so that a crash loses only what it hit.

A line ``begin`` says which test runs, and in which pass over its unit; a line ``run`` what that
cost; a line ``enough`` that a unit is cleared; a line ``failure`` why there is nothing at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_carbon.measurement import sum_of
from pytest_carbon.wire import measurement_from_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.looks.order import LookOrder, Unit
    from pytest_carbon.measurement import Measurement

__all__ = ["Sample", "Transcript", "UnitAnswer", "read_answers"]


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

    def take(self, line: dict[str, Any]) -> None:
        """Take the next line."""
        self.ready = True
        self.failure = line.get("failure", self.failure)
        if "enough" in line:
            self._enough[line["enough"]] = True
        if "begin" in line:
            self.running, self._unit = line["begin"], line["unit"]
            if line["pass"] == len(self._passes[self._unit]):
                self._passes[self._unit].append([])
        if "run" in line:
            index = line["unit"]
            if line["problem"]:
                self._fail(index, line["problem"])
            else:
                self._passes[index][-1].append(_sample_from_plain(line))
            self.running = ""

    def ended(self, why: str) -> None:
        """The process has ended before its time; the test that ran is to blame."""
        if self.running:
            self._fail(self._unit, why)
        elif not self.failure:
            self.failure = why

    def _fail(self, index: int, why: str) -> None:
        self._problems[index] = why
        self._passes[index].pop()

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


def _sample_from_plain(line: dict[str, Any]) -> Sample:
    return Sample(
        cost=measurement_from_plain(line["cost"]),
        tasks=tuple(None if t is None else measurement_from_plain(t) for t in line["tasks"]),
        blocks_written=line["blocks_written"],
        kernel_s=line["kernel_s"],
        cpu_s=line["cpu_s"],
    )


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
