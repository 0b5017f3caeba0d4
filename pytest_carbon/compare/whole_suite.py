"""What the whole suite and its files do: sums over tests, from several passes where needed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import Mode, SideLostError
from pytest_carbon.compare.record import LeftOutError, take_pair
from pytest_carbon.gate.pairs.whole_suite import MOST_PASSES, SumOutcome, judge_sum
from pytest_carbon.measurement import file_of
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.compare.explaining import Explainer
    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.record import Record
    from pytest_carbon.compare.sessions import Generations
    from pytest_carbon.explain.culprit import Explanation
    from pytest_carbon.gate.pairs.suspects import Pair, PairedPolicy
    from pytest_carbon.gate.pairs.whole_suite import Sum

__all__ = ["ComparedSum", "WholeSuite"]

# Sums of less have nothing to tell, and single tests of such a file are seen by themselves.
LEAST_J = 0.05
LEAST_TESTS = 5

# The part of the alarms allowed that is the whole suite's own; files share the rest.
SUITES_SHARE = 0.5

# Passes beyond the first take no longer than this; what is open then stays open.
PASSES_S = 120.0

# The culprit of a sum is looked for in the tests that weigh most.
PROFILED_TESTS = 12


class ComparedSum(NamedTuple):
    """The sum of a file's tests, or of the whole suite (``name`` is empty).

    It adds up the ``tests`` that have no finding of their own. ``explanation`` says what a sum
    that regressed burns more for.
    """

    name: str
    tests: int
    verdict: Sum
    explanation: Explanation | None = None


class WholeSuite:
    """Judges sums over the tests that are neither convicted nor explained by a culprit."""

    def __init__(
        self,
        generations: Generations,
        policy: PairedPolicy,
        progress: Progress,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._generations = generations
        self._policy = policy
        self._progress = progress
        self._clock_s = clock_s

    def judge(self, tests: Sequence[Record], explainer: Explainer) -> list[ComparedSum]:
        """The whole suite's sum first, then the files'; none where there is too little.

        From a single pass, and without culprits, where tests have failed.
        """
        kept = [test for test in tests if test.early and not test.is_finding]
        groups = _groups(kept)
        if not groups:
            return []
        passes = [{test.name: test.early[0] for test in kept}]
        found = self._judged(groups, passes)
        if any(test.is_convicted or test.explanation for test in tests):
            # People wait for these tests' names, and the sums are of what is left.
            return found
        start_s = self._clock_s()
        while (
            any(map(_needs_another_pass, found))
            and len(passes) < MOST_PASSES
            and (self._clock_s() - start_s) * (1 + 1 / len(passes)) < PASSES_S
        ):
            self._progress.step("the suite's sums", len(passes), MOST_PASSES)
            passes.append(self._another_pass(kept))
            found = self._judged(groups, passes)
        return [self._explained(one, groups[one.name], passes, explainer) for one in found]

    def _judged(
        self, groups: dict[str, list[Record]], passes: Sequence[dict[str, Pair]]
    ) -> list[ComparedSum]:
        found = []
        for name, tests in groups.items():
            # What one pass lacks would look like a change.
            names = [test.name for test in tests if all(test.name in one for one in passes)]
            sums = [
                (sum(one[n].base_j for n in names), sum(one[n].head_j for n in names))
                for one in passes
            ]
            if not names or any(base_j <= 0 or head_j <= 0 for base_j, head_j in sums):
                continue
            verdict = judge_sum(
                sums,
                [passes[0][n].base_j for n in names],
                tolerance=self._policy.tolerance,
                alpha=self._policy.alpha * _share_of_alarms(name, len(groups) - 1),
            )
            found.append(ComparedSum(name, len(names), verdict))
        return found

    def _another_pass(self, tests: Sequence[Record]) -> dict[str, Pair]:
        """Every test once more on both sides, in new processes of new sessions."""
        self._generations.close()
        processes = self._generations.processes()
        pairs = {}
        for test in tests:
            try:
                pairs[test.name] = take_pair(test, processes)
            except SideLostError:  # noqa: PERF203 - a test costs far more
                processes = self._generations.processes()
            except LeftOutError:
                continue
        processes.close()
        return pairs

    def _explained(
        self,
        one: ComparedSum,
        tests: Sequence[Record],
        passes: Sequence[dict[str, Pair]],
        explainer: Explainer,
    ) -> ComparedSum:
        """With the functions that a regressed sum burns more for."""
        if one.verdict.outcome is not SumOutcome.REGRESSED:
            return one
        self._progress.stage("looking for the culprits of a sum")
        heaviest = sorted(tests, key=lambda test: -passes[0][test.name].base_j)[:PROFILED_TESTS]
        base_j = sum(passes[0][test.name].base_j for test in heaviest)
        explanation = explainer.explain_together(
            [(test.name, test.mode is Mode.FREE) for test in heaviest],
            (base_j, base_j * one.verdict.ratio),
            self._generations.processes,
        )
        return one._replace(explanation=explanation)


def _needs_another_pass(one: ComparedSum) -> bool:
    """Whether another pass of the whole suite may tell what people want to know.

    Of the suite, that is whether it has changed. A file need not be cleared: what could not come
    to be called a regression is not worth a pass of all tests.
    """
    verdict = one.verdict
    return verdict.outcome is SumOutcome.OPEN and (not one.name or verdict.could_regress)


def _share_of_alarms(name: str, files: int) -> float:
    return (1 - SUITES_SHARE) / files if name else SUITES_SHARE


def _groups(tests: Sequence[Record]) -> dict[str, list[Record]]:
    """The whole suite and its files, as far as there is something to add up."""
    files: dict[str, list[Record]] = {}
    for test in tests:
        files.setdefault(file_of(test.name), []).append(test)
    groups = {"": list(tests)} | (files if len(files) > 1 else {})
    return {
        name: of
        for name, of in groups.items()
        if len(of) >= LEAST_TESTS and sum(test.early[0].base_j for test in of) >= LEAST_J
    }
