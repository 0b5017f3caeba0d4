"""A pair: one run of a test on each side, under conditions as equal as can be had."""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.compare.line import LineLostError
from pytest_carbon.gate.pairs.suspects import Pair

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from pytest_carbon.compare.process import Process, Run
    from pytest_carbon.compare.side import Session
    from pytest_carbon.explain.profile import Profile
    from pytest_carbon.explain.spent import Lines, Spent
    from pytest_carbon.measurement import Measurement

__all__ = [
    "Mode",
    "Processes",
    "SideLostError",
    "as_pair",
    "is_parallel",
    "later_mode",
    "problem_of",
]

T = TypeVar("T")

# Below this, two processes that alternate on one CPU disturb each other's caches more than a
# flip of the core's speed between two runs does (docs/explanation/compare.md).
TOGETHER_FROM_S = 0.04

# More CPUs than this at a time, and a test is not held to one.
PARALLEL = 1.2

# Shorter runs are not corrected for speed: probes at two edges add more noise than they remove.
CORRECTED_FROM_S = 0.1


class Mode(str, Enum):
    """How the two runs of a pair share the machine."""

    TOGETHER = "together"
    """Both at once on one CPU: the scheduler alternates them every few milliseconds."""

    IN_TURN = "in turn"
    """Directly after each other on the same CPU."""

    FREE = "in turn, on all CPUs"
    """Directly after each other, not pinned: for tests that need several CPUs."""


class SideLostError(Exception):
    """A test ended its process; ``names`` are the sides where that happened."""

    def __init__(self, names: Sequence[str], why: str) -> None:
        self.names = tuple(names)
        self.why = why
        super().__init__(why)


class Processes:
    """Two processes, one of each side, that run the same tests on the same CPU."""

    def __init__(self, sessions: Sequence[Session], dice: random.Random, number: int) -> None:
        self.number = number
        self._dice = dice
        self._names = [session.side.name for session in sessions]
        self._cpu: int | None = None
        if hasattr(os, "sched_getaffinity"):
            self._cpu = dice.choice(sorted(os.sched_getaffinity(0)))
        self._both: list[Process] = []
        for name, session in zip(self._names, sessions, strict=True):
            try:
                self._both.append(session.process())
            except LineLostError as error:  # noqa: PERF203 - twice
                self.kill()
                raise SideLostError([name], str(error)) from None

    def run(self, test: str, mode: Mode) -> tuple[Run, Run]:
        """One run on each side, base's first in the result; raises ``SideLostError``."""
        order = [0, 1]
        self._dice.shuffle(order)
        seed = self._dice.randrange(2**32)
        cpu = None if mode is Mode.FREE else self._cpu
        runs: dict[int, Run] = {}
        lost: dict[int, str] = {}
        if mode is Mode.TOGETHER:
            begun = [at for at in order if self._begin(at, test, cpu, seed, lost)]
            for at in begun:
                self._finish(at, runs, lost)
        else:
            for at in order:
                if self._begin(at, test, cpu, seed, lost):
                    self._finish(at, runs, lost)
        if lost:
            self.kill()
            raise SideLostError([self._names[at] for at in sorted(lost)], next(iter(lost.values())))
        return runs[0], runs[1]

    def profile(
        self, test: str, mode: Mode, *, waits: bool
    ) -> tuple[Profile | None, Profile | None]:
        """Profile a test on each side in turn; raises ``SideLostError``."""
        seed = self._dice.randrange(2**32)
        cpu = None if mode is Mode.FREE else self._cpu
        base, head = (
            self._asked(at, lambda process: process.profile(test, cpu=cpu, seed=seed, waits=waits))
            for at in (0, 1)
        )
        return base, head

    def spent(
        self, test: str, mode: Mode, functions: Sequence[Lines], *, is_cpu_time: bool
    ) -> Spent | None:
        """The seconds that head spends in each function; raises ``SideLostError``."""
        seed = self._dice.randrange(2**32)
        cpu = None if mode is Mode.FREE else self._cpu
        return self._asked(
            1,
            lambda head: head.spent(test, functions, cpu=cpu, seed=seed, is_cpu_time=is_cpu_time),
        )

    def _asked(self, at: int, ask: Callable[[Process], T]) -> T:
        try:
            return ask(self._both[at])
        except LineLostError as error:
            self.kill()
            raise SideLostError([self._names[at]], str(error)) from None

    def _begin(self, at: int, test: str, cpu: int | None, seed: int, lost: dict[int, str]) -> bool:
        try:
            self._both[at].begin(test, cpu=cpu, seed=seed)
        except LineLostError as error:
            lost[at] = str(error)
        return at not in lost

    def _finish(self, at: int, runs: dict[int, Run], lost: dict[int, str]) -> None:
        try:
            runs[at] = self._both[at].finish()
        except LineLostError as error:
            lost[at] = str(error)

    def imports(self) -> list[Mapping[str, Mapping[str, str]]]:
        """What either side has imported by now."""
        return [process.imports() for process in self._both]

    def close(self) -> None:
        """Let both end their fixtures and themselves, and wait for that."""
        for process in self._both:
            process.end()
        for process in self._both:
            process.close()

    def kill(self) -> None:
        """End both at once."""
        for process in self._both:
            process.kill()


def later_mode(mode: Mode, cpu_s: float) -> Mode:
    """How further pairs run, once a first one in ``mode`` has told what the test costs."""
    if mode is Mode.TOGETHER and cpu_s < TOGETHER_FROM_S:
        return Mode.IN_TURN
    return mode


def is_parallel(run: Run) -> bool:
    """Whether a run on all CPUs made use of several at a time."""
    return run.cost is not None and run.cost.cpu_s > PARALLEL * run.cost.wall_s


def as_pair(base: Run, head: Run, mode: Mode, processes: int) -> Pair | None:
    """The joules of both runs; ``None`` where a meter failed.

    What ran at once shared the core's speed; what ran in turn is corrected for it where it was
    long enough.
    """
    assert base.cost is not None, "only passed runs make a pair"
    assert head.cost is not None, "only passed runs make a pair"
    base_j, head_j = base.cost.raw_j, head.cost.raw_j
    if base_j is None or head_j is None:
        return None
    shortest_s = min(base.cost.cpu_s, head.cost.cpu_s)
    if mode is not Mode.TOGETHER and shortest_s >= CORRECTED_FROM_S:
        return Pair(base_j, base_j * _corrected_ratio(base.cost, head.cost), processes)
    return Pair(base_j, head_j, processes)


def _corrected_ratio(base: Measurement, head: Measurement) -> float:
    """Head's energy over base's, each at the speed at which its core ran meanwhile."""
    assert base.energy_j is not None, "the uncorrected energy is known"
    assert head.energy_j is not None, "the uncorrected energy is known"
    if base.speed is None or head.speed is None or base.energy_j <= 0:
        base_j, head_j = base.raw_j, head.raw_j
    else:
        base_j, head_j = base.energy_j, head.energy_j
    return (head_j or 0.0) / base_j if base_j else 1.0


def problem_of(base: Run, head: Run) -> str:
    """Why two runs make no pair; empty where both have passed and were measured."""
    if base.outcome == head.outcome == "passed":
        return "it was not measured" if base.cost is None or head.cost is None else ""
    if base.outcome == head.outcome:
        why = f" ({head.reason})" if head.reason else ""
        return f"{head.outcome} on both sides{why}"
    parts = [
        f"{run.outcome} on {name}" + (f" ({run.reason})" if run.reason else "")
        for name, run in (("base", base), ("head", head))
    ]
    return ", ".join(parts)
