"""Measuring suspects in new processes until each is decided, and explaining the convicted."""

from __future__ import annotations

from math import log, log1p
from typing import TYPE_CHECKING

from pytest_carbon.compare.known_culprits import AGREEING, KnownCulprits
from pytest_carbon.compare.pairs import Mode, SideLostError, is_parallel
from pytest_carbon.compare.record import LeftOutError, lost_reason, take_pair
from pytest_carbon.explain.culprit import Explanation
from pytest_carbon.gate.pairs.first_pairs import clears, pair_spreads
from pytest_carbon.gate.pairs.suspects import PAIRS_A_BATCH, MorePairs, next_pairs
from pytest_carbon.gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.compare.explaining import Explainer
    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.record import Record
    from pytest_carbon.compare.sessions import Generations
    from pytest_carbon.gate.pairs.suspects import Pair
    from pytest_carbon.gate.verdict import Verdict

__all__ = ["Suspects", "cleared"]

# With so many suspects, a few are decided first, as they may have the same culprit: the quickest
# of those that stand out most, and that rose by more than chance may add to what is allowed.
MANY = 12
CLEAR = 1.5
CANDIDATES = 16
FIRST = 4

# Noise makes about as many tests rise as fall; a change that reaches many does not.
RISEN_FOR_EACH_FALLEN = 3


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
        self._known = KnownCulprits(explainer, generations.processes)

    def rise_together(self, suspects: Sequence[Record]) -> bool:
        """Whether so many more tests rose than fell that it is no noise."""
        if self._measures_all or self._clears_nobody:
            return False
        risen = sum(_rise_log(test) > 0 for test in suspects)
        return risen >= MANY and risen > RISEN_FOR_EACH_FALLEN * (len(suspects) - risen)

    def decide(self, suspects: Sequence[Record], spreads: Mapping[str, float]) -> None:
        """Decide all, and name the culprits of those that burn more."""
        if self._known.is_empty and self.rise_together(suspects):
            self.explain_by_first(suspects, spreads)
        for test in suspects:
            # More is known of its rise than when it was explained by nobody.
            self._known.explain(test)
        self._known.close()
        self._examine([test for test in suspects if test.is_open])
        self._explain([test for test in suspects if test.is_convicted and not test.explanation])

    def explain_by_first(self, suspects: Sequence[Record], spreads: Mapping[str, float]) -> None:
        """Decide a few of those that stand out most, and explain others by their culprits."""
        clear = [test for test in suspects if _rise_log(test) > CLEAR * _allowed_log(test)]
        by_rise = sorted(clear, key=lambda t: -_rise_log(t) / spreads.get(t.name, 1.0))
        candidates = sorted(by_rise[:CANDIDATES], key=lambda test: test.wall_s)
        convicted: list[Record] = []
        while candidates and self._known.is_empty:
            first, candidates = candidates[:FIRST], candidates[FIRST:]
            self._examine(first, enough=AGREEING)
            self._explain([test for test in first if test.is_convicted])
            convicted += [test for test in first if test.is_convicted]
            self._known.learn(convicted)
        rest = [test for test in suspects if test.is_open]
        for done, test in enumerate(rest):
            self._progress.step("suspects with a known culprit", done, len(rest))
            self._known.explain(test)

    def _examine(self, suspects: Sequence[Record], enough: int | None = None) -> None:
        """In rounds, each with one batch of every suspect from a new session of each side.

        Until all are decided, or ``enough`` are convicted.
        """
        # Read off the suspects alone, whose ratios lie far out: errs on the side of more pairs.
        spreads = pair_spreads({test.name: test.early[0] for test in suspects})
        left = list(suspects)
        self._generations.reuse()
        while left and (enough is None or sum(t.is_convicted for t in suspects) < enough):
            for done, test in enumerate(left):
                left_s = sum(2 * t.wall_s * (PAIRS_A_BATCH + 1) * 2 for t in left[done:])
                decided = len(suspects) - len(left)
                self._progress.step("suspects", decided, len(suspects), left_s)
                self._look(test, [each.name for each in left], spreads)
            left = [test for test in left if test.is_open]
            if left:
                self._generations.renew()

    def _look(self, test: Record, among: Sequence[str], spreads: Mapping[str, float]) -> None:
        """One batch of a suspect, and what follows from it; ``among`` are those of this round."""
        try:
            if not test.pairs:
                self._free_if_parallel(test, among)
            self._batch(test, among)
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

    def _batch(self, test: Record, among: Sequence[str]) -> None:
        """Some pairs in new processes, after a run that only warms them up."""
        processes = self._generations.processes(among)
        try:
            take_pair(test, processes)
            for _ in range(PAIRS_A_BATCH):
                test.pairs.append(take_pair(test, processes))
        finally:
            processes.close()

    def _free_if_parallel(self, test: Record, among: Sequence[str]) -> None:
        """Do not hold a test to one CPU that makes use of several."""
        if not test.apart:
            return
        processes = self._generations.processes(among)
        try:
            runs = processes.run(test.name, Mode.FREE)
        finally:
            processes.close()
        if any(is_parallel(run) for run in runs):
            test.mode = Mode.FREE

    def _explain(self, convicted: Sequence[Record]) -> None:
        """Name the functions that convicted tests burn more for."""
        names = [test.name for test in convicted]
        self._generations.reuse()
        for done, test in enumerate(convicted):
            self._progress.step("looking for culprits", done, len(convicted))
            verdict = test.verdict
            assert verdict is not None, "convicted"
            assert verdict.baseline_j is not None, "both sides have a cost"
            assert verdict.now_j is not None, "both sides have a cost"
            energies_j = verdict.baseline_j, verdict.now_j
            try:
                processes = self._generations.processes(names)
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


def _rise_log(test: Record) -> float:
    """By what a test's first pairs rose; those that cost nothing on a side did not."""
    base_j, head_j = test.early_j
    return log(head_j / base_j) if base_j > 0 and head_j > 0 else 0.0


def _allowed_log(test: Record) -> float:
    base_j, _ = test.early_j
    return log1p(test.policy.tolerance_of(base_j)) if base_j > 0 else 0.0
