"""The finished comparison: what every report renders and nothing recomputes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import TYPE_CHECKING

from pytest_carbon.explain.findings import findings
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.explain.culprit import Explanation
    from pytest_carbon.explain.findings import Finding

__all__ = ["ComparedTest", "Comparison"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTest:
    """One test that both sides have.

    ``verdict`` is ``None`` where it was not compared; ``why`` then says why not, else what the
    reader has to know. ``pairs`` counts all pairs of runs, ``mode`` says how they ran.
    ``explanation`` says why it burns more, where it was convicted; without a verdict, it is the
    reason why the test was not measured further.
    """

    test: str
    verdict: Verdict | None
    pairs: int
    mode: str
    why: str = ""
    explanation: Explanation | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two revisions, test by test.

    ``new`` and ``gone`` are the tests that only head, only base has. ``method`` says how the
    figures came about, ``proof`` which files each side ran. ``once_s`` is what starting both
    sides and running each test once on each took of ``wall_s``, and ``suspects`` how many
    tests were measured further.
    """

    base: str
    head: str
    tests: tuple[ComparedTest, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    tolerance: float
    method: str
    proof: str
    once_s: float
    wall_s: float
    suspects: int
    is_aa: bool = False
    notes: tuple[str, ...] = ()

    @cached_property
    def outcomes(self) -> Counter[Outcome]:
        """How many tests have which verdict."""
        return Counter(test.verdict.outcome for test in self.tests if test.verdict is not None)

    @property
    def compared(self) -> list[ComparedTest]:
        """The tests with a verdict."""
        return [test for test in self.tests if test.verdict is not None]

    @property
    def left_out(self) -> list[ComparedTest]:
        """The tests that both sides have but that could not be compared."""
        return [t for t in self.tests if t.verdict is None and t.explanation is None]

    @property
    def explained(self) -> list[ComparedTest]:
        """Suspects that were not measured further, as a known culprit explains their rise."""
        return [t for t in self.tests if t.verdict is None and t.explanation is not None]

    def with_outcome(self, outcome: Outcome) -> list[ComparedTest]:
        """The tests with one verdict, the greatest change first."""
        found = [t for t in self.compared if t.verdict and t.verdict.outcome is outcome]
        return sorted(found, key=_size_of_change, reverse=True)

    @cached_property
    def findings(self) -> list[Finding]:
        """The tests that burn more, by culprit; those that were not explained are left out."""
        return findings(
            {t.test: t.explanation for t in self.compared if t.explanation is not None},
            {t.test: t.explanation for t in self.explained if t.explanation is not None},
        )

    @property
    def exit_status(self) -> int:
        """0: nothing regressed, 1: something did, 5: nothing was compared."""
        if not self.compared:
            return 5
        return int(self.outcomes[Outcome.REGRESSED] > 0)


def _size_of_change(test: ComparedTest) -> float:
    ratio = test.verdict.ratio if test.verdict is not None else None
    return abs(log(ratio)) if ratio else 0.0
