"""What a comparison knows of one test so far, and one more pair of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import (
    Mode,
    SideLostError,
    as_pair,
    later_mode,
    problem_of,
)
from pytest_carbon.compare.result import ComparedTest, is_finding
from pytest_carbon.gate.verdict import Outcome

if TYPE_CHECKING:
    from pytest_carbon.compare.pairs import Processes
    from pytest_carbon.explain.culprit import Explanation
    from pytest_carbon.gate.pairs.suspects import Pair, PairedPolicy
    from pytest_carbon.gate.verdict import Verdict

__all__ = ["LeftOutError", "Record", "lost_reason", "take_pair"]


@dataclass(slots=True)
class Record:
    """One test: its pairs, and what they led to.

    ``early`` pairs ran where the first one did, ``pairs`` in new processes. ``why`` says why it
    has no verdict.
    """

    name: str
    mode: Mode
    policy: PairedPolicy
    early: list[Pair] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    apart: bool = False
    verdict: Verdict | None = None
    why: str = ""
    explanation: Explanation | None = None

    @property
    def early_j(self) -> tuple[float, float]:
        """What base and head took in the early pairs, on average."""
        count = max(len(self.early), 1)
        base_j = sum(pair.base_j for pair in self.early) / count
        return base_j, sum(pair.head_j for pair in self.early) / count

    @property
    def is_open(self) -> bool:
        """Whether more is to be found out."""
        return self.verdict is None and not self.why

    @property
    def is_convicted(self) -> bool:
        """Whether head burns more."""
        return self.verdict is not None and self.verdict.outcome is Outcome.REGRESSED

    @property
    def is_finding(self) -> bool:
        """Whether there is something to say of it: that head burns more or less, or may do so."""
        judged = self.verdict is not None and is_finding(self.verdict)
        return judged or self.explanation is not None

    def finished(self) -> ComparedTest:
        """The test as the reports show it."""
        return ComparedTest(
            test=self.name,
            verdict=self.verdict,
            pairs=len(self.early) + len(self.pairs),
            mode=self.mode.value,
            why=self.why,
            explanation=self.explanation,
        )


class LeftOutError(Exception):
    """A test that cannot be compared; says why."""


def take_pair(record: Record, processes: Processes) -> Pair:
    """One pair; raises ``LeftOutError`` where there is none, and ``SideLostError``."""
    runs = processes.run(record.name, record.mode)
    problem = problem_of(*runs)
    if problem and record.mode is Mode.TOGETHER:
        # Two versions at once may want the same port or file.
        record.mode = Mode.IN_TURN
        runs = processes.run(record.name, record.mode)
        problem = problem_of(*runs)
    if problem:
        raise LeftOutError(problem)
    pair = as_pair(*runs, record.mode, processes.number)
    if pair is None:
        raise LeftOutError("a meter was lost meanwhile")
    costs = [run.cost for run in runs if run.cost is not None]
    record.cpu_s = max(cost.cpu_s for cost in costs)
    record.wall_s = max(cost.wall_s for cost in costs)
    record.apart = any(run.apart for run in runs)
    record.mode = later_mode(record.mode, record.cpu_s)
    return pair


def lost_reason(lost: SideLostError) -> str:
    """Why a test has no pair that ended its process."""
    return f"it ended its process on {' and '.join(lost.names)} ({lost.why})"
