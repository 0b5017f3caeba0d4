"""Measuring suspects in new processes until each is decided, and explaining the convicted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import Mode, SideLostError, is_parallel
from pytest_carbon.compare.record import LeftOutError, lost_reason, take_pair
from pytest_carbon.explain.culprit import Explanation
from pytest_carbon.gate.pairs.first_pairs import clears, pair_spreads
from pytest_carbon.gate.pairs.suspects import PAIRS_A_BATCH, MorePairs, next_pairs
from pytest_carbon.gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.compare.explaining import Explainer
    from pytest_carbon.compare.pairs import Processes
    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.record import Record
    from pytest_carbon.compare.sessions import Generations
    from pytest_carbon.gate.pairs.suspects import Pair
    from pytest_carbon.gate.verdict import Verdict

__all__ = ["Suspects", "cleared"]

# With so many suspects, a few are decided first: they may have the same culprit.
MANY = 12
FIRST = 4

# So many convicted tests have to name the same culprit before others are explained by it.
AGREEING = 2

# A known culprit explains a suspect with at least so much of its rise.
EXPLAINS = 0.5


class Suspects:
    """Decides the suspects of a comparison of ``suite_size`` tests.

    ``clears_nobody`` keeps tests open that a few pairs would clear; ``measures_all`` measures also
    those that a culprit explains.
    """

    def __init__(
        self,
        explainer: Explainer,
        generations: Generations,
        progress: Progress,
        *,
        suite_size: int,
        clears_nobody: bool = False,
        measures_all: bool = False,
    ) -> None:
        self._generations = generations
        self._progress = progress
        self._suite_size = suite_size
        self._clears_nobody = clears_nobody
        self._measures_all = measures_all
        self._explainer = explainer

    def decide(self, suspects: Sequence[Record]) -> None:
        """Decide all, and name the culprits of those that burn more."""
        left = list(suspects)
        if len(left) >= MANY and not (self._measures_all or self._clears_nobody):
            left = self._explain_by_first(left)
        self._examine(left)
        self._explain([test for test in suspects if test.is_convicted and not test.explanation])

    def _explain_by_first(self, suspects: Sequence[Record]) -> list[Record]:
        """Decide those that rose most; returns what their culprits do not explain."""
        by_rise = sorted(suspects, key=lambda test: -_rise_j(test.early))
        first, rest = by_rise[:FIRST], by_rise[FIRST:]
        self._examine(first)
        self._explain([test for test in first if test.is_convicted])
        mains = Counter(_culprit(test) for test in first)
        known = {place for place, times in mains.items() if place and times >= AGREEING}
        if not known:
            return rest
        self._look_for(known, rest)
        # Without those that have changed, the suite shows better what a pair is worth.
        left = [test for test in rest if test.is_open]
        spreads = pair_spreads({test.name: test.early[0] for test in left})
        for test in left:
            test.verdict = cleared(test, test.early, spreads)
        return [test for test in left if test.is_open]

    def _look_for(self, known: set[tuple[str, str]], rest: Sequence[Record]) -> None:
        """Explain those of ``rest`` whose rise the known culprits account for."""
        processes: Processes | None = None
        for done, test in enumerate(rest):
            self._progress.step("suspects with a known culprit", done, len(rest))
            energies_j = _energies_j(test.early)
            if energies_j[1] <= energies_j[0]:
                continue
            try:
                if processes is None:
                    processes = self._generations.processes()
                    processes.run(test.name, test.mode)
                explanation = self._explainer.glance(
                    test.name, energies_j, processes, free=test.mode is Mode.FREE
                )
            except SideLostError:
                processes = None
                continue
            main = explanation.main
            is_known = main is not None and (main.file, main.name) in known
            if main and is_known and main.energy_j > EXPLAINS * explanation.rise_j:
                test.explanation = explanation
                test.why = f"explained by {main.place}"
        if processes is not None:
            processes.close()

    def _examine(self, suspects: Sequence[Record]) -> None:
        """In rounds, each with one batch of every suspect from a new session of each side."""
        # Read off the suspects alone, whose ratios lie far out: errs on the side of more pairs.
        spreads = pair_spreads({test.name: test.early[0] for test in suspects})
        left = list(suspects)
        while left:
            for done, test in enumerate(left):
                left_s = sum(2 * t.wall_s * (PAIRS_A_BATCH + 1) * 2 for t in left[done:])
                decided = len(suspects) - len(left)
                self._progress.step("suspects", decided, len(suspects), left_s)
                self._look(test, spreads)
            left = [test for test in left if test.is_open]
            if left:
                self._generations.close()

    def _look(self, test: Record, spreads: Mapping[str, float]) -> None:
        """One batch of a suspect, and what follows from it."""
        try:
            if not test.pairs:
                self._free_if_parallel(test)
            self._batch(test)
        except SideLostError as lost:
            test.why = lost_reason(lost)
            return
        except LeftOutError as left_out:
            test.why = f"not repeatable: {left_out}"
            return
        if len(test.pairs) == PAIRS_A_BATCH:
            test.verdict = cleared(
                test, [*test.early, *test.pairs], spreads, clears_nobody=self._clears_nobody
            )
        if test.is_open:
            step = next_pairs(test.pairs, test.policy, self._suite_size)
            test.verdict = None if isinstance(step, MorePairs) else step

    def _batch(self, test: Record) -> None:
        """Some pairs in new processes, after a run that only warms them up."""
        processes = self._generations.processes()
        try:
            take_pair(test, processes)
            for _ in range(PAIRS_A_BATCH):
                test.pairs.append(take_pair(test, processes))
        finally:
            processes.close()

    def _free_if_parallel(self, test: Record) -> None:
        """Do not hold a test to one CPU that makes use of several."""
        if not test.apart:
            return
        processes = self._generations.processes()
        try:
            runs = processes.run(test.name, Mode.FREE)
        finally:
            processes.close()
        if any(is_parallel(run) for run in runs):
            test.mode = Mode.FREE

    def _explain(self, convicted: Sequence[Record]) -> None:
        """Name the functions that convicted tests burn more for."""
        for done, test in enumerate(convicted):
            self._progress.step("looking for culprits", done, len(convicted))
            verdict = test.verdict
            assert verdict is not None, "convicted"
            assert verdict.baseline_j is not None, "both sides have a cost"
            assert verdict.now_j is not None, "both sides have a cost"
            energies_j = verdict.baseline_j, verdict.now_j
            try:
                processes = self._generations.processes()
            except SideLostError as lost:
                test.explanation = Explanation(energies_j[1] - energies_j[0], trouble=lost.why)
                continue
            try:
                test.explanation = self._explainer.explain(
                    test.name, energies_j, processes, free=test.mode is Mode.FREE
                )
            finally:
                processes.close()


def cleared(
    test: Record,
    pairs: Sequence[Pair],
    spreads: Mapping[str, float],
    *,
    clears_nobody: bool = False,
) -> Verdict | None:
    """The verdict of a test that a few pairs clear, else ``None``."""
    verdict = clears(pairs, test.policy, spreads.get(test.name, 0.0))
    if clears_nobody and verdict is not None and verdict.outcome is Outcome.OK:
        return None
    return verdict


def _energies_j(pairs: Sequence[Pair]) -> tuple[float, float]:
    count = max(len(pairs), 1)
    return sum(pair.base_j for pair in pairs) / count, sum(pair.head_j for pair in pairs) / count


def _rise_j(pairs: Sequence[Pair]) -> float:
    base_j, head_j = _energies_j(pairs)
    return head_j - base_j


def _culprit(test: Record) -> tuple[str, str] | None:
    main = test.explanation.main if test.explanation is not None else None
    return None if main is None else (main.file, main.name)
