"""The finished comparison: what every report renders and nothing recomputes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import TYPE_CHECKING

from pytest_carbon.explain.findings import findings
from pytest_carbon.gate.pairs.whole_suite import SumOutcome
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.compare.whole_suite import ComparedSum
    from pytest_carbon.explain.culprit import Explanation
    from pytest_carbon.explain.findings import Finding

__all__ = ["ComparedTest", "Comparison", "is_finding"]


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
    tests were measured further. ``sums`` are those of the whole suite, which comes first, and of
    its files.
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
    sums: tuple[ComparedSum, ...] = ()
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
        return int(self.outcomes[Outcome.REGRESSED] > 0 or bool(self.regressed_sums))

    @property
    def whole_suite(self) -> tuple[float, float, float] | None:
        """The change of all tests together, with a 95 % interval, as ratios of head to base.

        Tests with findings of their own enter with their verdicts, the others with their sum.
        """
        if not self.sums or self.sums[0].name:
            return None
        rest = self.sums[0].verdict
        own = [
            (test.verdict.baseline_j, test.verdict.now_j)
            for test in self.compared
            if test.verdict is not None and is_finding(test.verdict)
        ]
        own_base_j = sum(base_j or 0.0 for base_j, _ in own)
        own_head_j = sum(head_j or 0.0 for _, head_j in own)
        ratios = [
            (rest.base_j * ratio + own_head_j) / (rest.base_j + own_base_j)
            for ratio in (rest.ratio, rest.low, rest.high)
        ]
        return ratios[0], ratios[1], ratios[2]

    @property
    def regressed_sums(self) -> list[ComparedSum]:
        """The sums that burn more, though no test of them was convicted by itself."""
        return [one for one in self.sums if one.verdict.outcome is SumOutcome.REGRESSED]


def is_finding(verdict: Verdict) -> bool:
    """Whether there is something to say of a test: that head burns more or less, or may do so."""
    return verdict.outcome not in {Outcome.OK, Outcome.TOO_SMALL}


def _size_of_change(test: ComparedTest) -> float:
    ratio = test.verdict.ratio if test.verdict is not None else None
    return abs(log(ratio)) if ratio else 0.0
