"""Culprits that a few tests have named, and the suspects whose rise they account for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import SideLostError
from pytest_carbon.explain.culprit import Explanation
from pytest_carbon.explain.spent import Spent
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

# After so many doubtful answers in a row, the machine is busy: from then on CPU time is asked for.
DOUBTS = 3


class _Known(NamedTuple):
    """A culprit, and what a second that head spends in it adds to a test, in joules.

    By CPU time it is less: asking for it takes part of each second.
    """

    culprit: Culprit
    lines: Lines
    rise_w: float
    rise_by_cpu_w: float


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
        self._rises_j: dict[str, Sequence[float]] = {}
        self._doubts = 0

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
            rises_w = (
                sum(self._rise_w(test, lines, is_cpu_time=is_cpu_time) for test in tests)
                for is_cpu_time in (False, True)
            )
            self._known.append(_Known(mains[place], lines, *(w / len(tests) for w in rises_w)))

    def explain(self, test: Record) -> None:
        """Explain a test that one of them makes costlier than it may be.

        One run of it tells, however often it is asked about.
        """
        base_j, head_j = test.early_j
        rise_j = head_j - base_j
        if not (self._known and test.is_open) or rise_j <= 0:
            return
        needed_j = max(EXPLAINS * rise_j, test.policy.tolerance * base_j)
        if test.name not in self._rises_j:
            self._rises_j[test.name] = self._added_j(test, needed_j)
        rises_j = self._rises_j[test.name]
        most_j = max(rises_j)
        if most_j > needed_j:
            culprit = self._known[rises_j.index(most_j)].culprit
            part = culprit._replace(energy_j=min(most_j, rise_j), detail="")
            test.explanation = Explanation(rise_j, (part,))
            test.why = f"explained by {culprit.place}"

    def close(self) -> None:
        """End what runs tests."""
        if self._processes is not None:
            self._processes.close()

    def _rise_w(self, test: Record, lines: Lines, *, is_cpu_time: bool) -> float:
        """What a second in a culprit adds to a test that it is known to make costlier."""
        runs = [self._spent(test, [lines], is_cpu_time=is_cpu_time) for _ in range(LEARNING_RUNS)]
        spent_s = min(run.spent_s[0] for run in runs)
        return _part_j(test) / spent_s if spent_s > 0 else 0.0

    def _added_j(self, test: Record, needed_j: float) -> Sequence[float]:
        """What each known culprit adds to a test, at the least.

        Where it depends on the time that the run has lost whether that is as much as ``needed_j``,
        another run tells by CPU time.
        """
        functions = [known.lines for known in self._known]
        if self._doubts < DOUBTS:
            spent = self._spent(test, functions, is_cpu_time=False)
            rises_w = [known.rise_w for known in self._known]
            least_j = _products(rises_w, spent.least_s)
            if max(least_j) > needed_j or max(_products(rises_w, spent.spent_s)) <= needed_j:
                self._doubts = 0
                return least_j
            self._doubts += 1
        spent = self._spent(test, functions, is_cpu_time=True)
        return _products([known.rise_by_cpu_w for known in self._known], spent.spent_s)

    def _spent(self, test: Record, functions: Sequence[Lines], *, is_cpu_time: bool) -> Spent:
        """Nothing where the test does not pass, or ends its process."""
        nothing = Spent((0.0,) * len(functions))
        try:
            if self._processes is None:
                self._processes = self._new_processes()
                self._processes.run(test.name, test.mode)
            spent = self._processes.spent(test.name, test.mode, functions, is_cpu_time=is_cpu_time)
        except SideLostError:
            self._processes = None
            return nothing
        return spent or nothing


def _products(rises_w: Sequence[float], times_s: Sequence[float]) -> list[float]:
    return [rise_w * time_s for rise_w, time_s in zip(rises_w, times_s, strict=True)]


def _part_j(test: Record) -> float:
    """The main culprit's part of a test's rise; all of it where nobody else is named."""
    explanation = test.explanation
    assert explanation is not None, "its culprit is known"
    if len(explanation.culprits) == 1:
        return explanation.rise_j
    return explanation.culprits[0].energy_j
