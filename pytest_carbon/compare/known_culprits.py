"""Culprits that a few tests have named, and the suspects whose rise they account for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import SideLostError
from pytest_carbon.explain.culprit import Explanation
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.compare.explaining import Explainer
    from pytest_carbon.compare.pairs import Processes
    from pytest_carbon.compare.record import Record
    from pytest_carbon.explain.culprit import Culprit
    from pytest_carbon.explain.spent import Lines

__all__ = ["AGREEING", "KnownCulprits"]

# So many convicted tests have to name the same culprit before others are explained by it.
AGREEING = 2

# A known culprit explains a suspect with at least so much of its rise.
EXPLAINS = 0.5

# Of a test whose culprit is known, the run counts that was least in it: the first takes longer.
LEARNING_RUNS = 3


class _Known(NamedTuple):
    """A culprit, and what a second that head spends in it adds to a test, in joules."""

    culprit: Culprit
    lines: Lines
    rise_w: float


class KnownCulprits:
    """Learns culprits from some tests, and explains others by them.

    What a function costs more is taken for the same part of the time that is spent in it,
    whichever test calls it.
    """

    def __init__(self, explainer: Explainer, new_processes: Callable[[], Processes]) -> None:
        self._explainer = explainer
        self._new_processes = new_processes
        self._processes: Processes | None = None
        self._known: list[_Known] = []
        self._times_s: dict[str, Sequence[float]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is explained by them."""
        return not self._known

    def learn(self, explained: Sequence[Record]) -> None:
        """Take note of culprits that several of these tests name first."""
        naming: dict[tuple[str, str], list[Record]] = {}
        mains: dict[tuple[str, str], Culprit] = {}
        for test in explained:
            if test.explanation is not None and (main := test.explanation.main) is not None:
                mains.setdefault((main.file, main.name), main)
                naming.setdefault((main.file, main.name), []).append(test)
        for place, tests in naming.items():
            lines = self._explainer.lines(*place)
            if len(tests) < AGREEING or lines is None:
                continue
            rises_w = []
            for test in tests:
                spent_s = min(self._spent_s(test, [lines])[0] for _ in range(LEARNING_RUNS))
                rises_w.append(_part_j(test) / spent_s if spent_s > 0 else 0.0)
            self._known.append(_Known(mains[place], lines, sum(rises_w) / len(rises_w)))

    def explain(self, test: Record) -> None:
        """Explain a test that one of them makes costlier than it may be.

        One run of it tells, however often it is asked about.
        """
        base_j, head_j = test.early_j
        rise_j = head_j - base_j
        if not (self._known and test.is_open) or rise_j <= 0:
            return
        if test.name not in self._times_s:
            self._times_s[test.name] = self._spent_s(test, [known.lines for known in self._known])
        times_s = self._times_s[test.name]
        rises_j = [known.rise_w * s for known, s in zip(self._known, times_s, strict=True)]
        most_j = max(rises_j)
        if most_j > max(EXPLAINS * rise_j, test.policy.tolerance * base_j):
            culprit = self._known[rises_j.index(most_j)].culprit
            part = culprit._replace(energy_j=min(most_j, rise_j), detail="")
            test.explanation = Explanation(rise_j, (part,))
            test.why = f"explained by {culprit.place}"

    def close(self) -> None:
        """End what runs tests."""
        if self._processes is not None:
            self._processes.close()

    def _spent_s(self, test: Record, functions: Sequence[Lines]) -> Sequence[float]:
        """Zeros where the test does not pass, or ends its process."""
        nothing = [0.0] * len(functions)
        try:
            if self._processes is None:
                self._processes = self._new_processes()
                self._processes.run(test.name, test.mode)
            return self._processes.spent_s(test.name, test.mode, functions) or nothing
        except SideLostError:
            self._processes = None
            return nothing


def _part_j(test: Record) -> float:
    """The main culprit's part of a test's rise; all of it where nobody else is named."""
    explanation = test.explanation
    assert explanation is not None, "its culprit is known"
    if len(explanation.culprits) == 1:
        return explanation.rise_j
    return explanation.culprits[0].energy_j
