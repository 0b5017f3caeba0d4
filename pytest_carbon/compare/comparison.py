"""From two sides to verdicts: everything once, then only suspects, until each is decided."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_carbon.compare.explaining import Explainer
from pytest_carbon.compare.pairs import (
    Mode,
    Processes,
    SideLostError,
    as_pair,
    is_parallel,
    later_mode,
    problem_of,
)
from pytest_carbon.compare.proof import prove
from pytest_carbon.compare.result import ComparedTest, Comparison
from pytest_carbon.compare.sessions import Generations
from pytest_carbon.errors import NothingComparedError
from pytest_carbon.explain.culprit import Explanation
from pytest_carbon.gate.early import clears, pair_spreads
from pytest_carbon.gate.paired import PAIRS_A_BATCH, MorePairs, next_pairs
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.side import Side
    from pytest_carbon.gate.paired import Pair, PairedPolicy

__all__ = ["Comparer"]

# Pairs that a test may get where it stands, before it is measured in new processes.
EARLY_PAIRS = 3


@dataclass(slots=True)
class _Test:
    """What is known of one test so far."""

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
    def is_convicted(self) -> bool:
        return self.verdict is not None and self.verdict.outcome is Outcome.REGRESSED

    @property
    def is_open(self) -> bool:
        return self.verdict is None and not self.why


class _LeftOutError(Exception):
    """A test that cannot be compared; says why."""


class Comparer:
    """Compares two sides.

    ``examine_all`` treats every test as a suspect, ``together`` lets the two runs of a pair share
    a CPU at the same time. Raises ``NothingComparedError`` and ``CompareError``.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        policy: PairedPolicy,
        *,
        progress: Progress,
        examine_all: bool = False,
        together: bool = True,
        dice: random.Random | None = None,
    ) -> None:
        self._sides = sides
        self._policy = policy
        self._progress = progress
        self._examine_all = examine_all
        self._together = together
        self._dice = dice or random.Random()  # noqa: S311 - orders of runs, no secrets
        self._generations = Generations(sides)
        self._batches = 0

    def close(self) -> None:
        """End every process of both sides; may be called twice."""
        self._generations.close()

    def run(self, notes: Sequence[str] = ()) -> Comparison:
        """The whole comparison."""
        start_s = time.perf_counter()
        self._progress.stage("collecting the tests of both sides")
        base, head = self._generations.hellos()
        prove(self._sides, [base.imports, head.imports])
        known = set(base.items)
        names = list(dict.fromkeys(name for name in head.items if name in known))
        if not names:
            raise NothingComparedError(
                f"base and head have no test in common ({len(base.items)} and "
                f"{len(head.items)} collected)",
                remedy="check the pytest arguments after --, and that both sides collect tests",
            )
        # Energy that hardware counts belongs to whatever runs: two at once cannot be told apart.
        # Where they cannot be held to one CPU, two at once would run on two.
        can_pin = hasattr(os, "sched_setaffinity")
        together = self._together and can_pin and not (base.measured or head.measured)
        mode = Mode.TOGETHER if together else Mode.IN_TURN
        tests = [
            _Test(
                name,
                mode,
                replace(
                    self._policy,
                    tolerance=head.tolerances.get(name, self._policy.tolerance),
                ),
            )
            for name in names
        ]
        processes = self._once(tests)
        once_s = time.perf_counter() - start_s
        proof = prove(self._sides, processes.imports())
        self._again(tests, processes)
        processes.close()
        suspects = [test for test in tests if test.is_open]
        self._examine(suspects, len(tests))
        self._explain(suspects)
        self._progress.done()
        return Comparison(
            base=self._sides[0].label,
            head=self._sides[1].label,
            tests=tuple(map(_compared, tests)),
            new=tuple(name for name in head.items if name not in known),
            gone=tuple(name for name in base.items if name not in set(head.items)),
            tolerance=self._policy.tolerance,
            method=f"{'; '.join(head.meters)}; clock: {head.clock}",
            proof=proof,
            once_s=once_s,
            wall_s=time.perf_counter() - start_s,
            suspects=len(suspects),
            is_aa=self._examine_all,
            notes=(*notes, *self._generations.notes(), *self._hints(tests)),
        )

    def _hints(self, tests: Sequence[_Test]) -> list[str]:
        """What to type where tests fail for want of something that was not built."""
        shared = all(side.installation.folder is None for side in self._sides)
        if shared and any(" on both sides" in t.why and "No module named" in t.why for t in tests):
            return ["if the project has to be built first, say how: --setup 'pip install -e .'"]
        return []

    def _once(self, tests: Sequence[_Test]) -> Processes:
        """A first pair of every test; returns the processes that ran them."""
        processes = self._fresh()
        start_s = time.perf_counter()
        for done, test in enumerate(tests):
            left_s = (time.perf_counter() - start_s) / max(done, 1) * (len(tests) - done)
            self._progress.step("running every test once", done, len(tests), left_s)
            try:
                pair = self._pair(test, processes)
            except SideLostError as lost:
                test.why = _lost(lost)
                processes = self._fresh()
            except _LeftOutError as left_out:
                test.why = str(left_out)
            else:
                test.early.append(pair)
        return processes

    def _again(self, tests: Sequence[_Test], processes: Processes) -> None:
        """Clear what a few pairs can clear, where the tests stand."""
        spreads = pair_spreads({test.name: test.early[0] for test in tests if test.early})
        for done, test in enumerate(tests):
            self._progress.step("a second look where the first was unclear", done, len(tests))
            if not test.is_open:
                continue
            test.verdict = self._cleared(test, test.early, spreads)
            while test.is_open and not self._examine_all and len(test.early) < EARLY_PAIRS:
                try:
                    test.early.append(self._pair(test, processes))
                except SideLostError:
                    return
                except _LeftOutError:
                    break
                test.verdict = self._cleared(test, test.early, spreads)

    def _cleared(
        self, test: _Test, pairs: Sequence[Pair], spreads: dict[str, float]
    ) -> Verdict | None:
        verdict = clears(pairs, test.policy, spreads.get(test.name, 0.0))
        if self._examine_all and verdict is not None and verdict.outcome is Outcome.OK:
            return None
        return verdict

    def _examine(self, suspects: Sequence[_Test], suite_size: int) -> None:
        """Measure suspects in new processes until each is decided.

        In rounds, each with one batch of every suspect from a new session of each side.
        """
        # Read off the suspects alone, whose ratios lie far out: errs on the side of more pairs.
        spreads = pair_spreads({test.name: test.early[0] for test in suspects})
        left = list(suspects)
        while left:
            for done, test in enumerate(left):
                left_s = sum(2 * t.wall_s * (PAIRS_A_BATCH + 1) * 2 for t in left[done:])
                decided = len(suspects) - len(left)
                self._progress.step("suspects", decided, len(suspects), left_s)
                self._look(test, spreads, suite_size)
            left = [test for test in left if test.is_open]
            if left:
                self._generations.close()

    def _explain(self, suspects: Sequence[_Test]) -> None:
        """Name the functions that convicted tests burn more for."""
        convicted = [test for test in suspects if test.is_convicted]
        explainer = Explainer(self._sides)
        for done, test in enumerate(convicted):
            self._progress.step("looking for culprits", done, len(convicted))
            verdict = test.verdict
            assert verdict is not None, "convicted"
            assert verdict.baseline_j is not None, "both sides have a cost"
            assert verdict.now_j is not None, "both sides have a cost"
            energies_j = verdict.baseline_j, verdict.now_j
            try:
                processes = self._fresh()
            except SideLostError as lost:
                test.explanation = Explanation(energies_j[1] - energies_j[0], trouble=lost.why)
                continue
            try:
                test.explanation = explainer.explain(
                    test.name, energies_j, processes, free=test.mode is Mode.FREE
                )
            finally:
                processes.close()

    def _look(self, test: _Test, spreads: dict[str, float], suite_size: int) -> None:
        """One batch of a suspect, and what follows from it."""
        try:
            if not test.pairs:
                self._free_if_parallel(test)
            self._batch(test)
        except SideLostError as lost:
            test.why = _lost(lost)
            return
        except _LeftOutError as left_out:
            test.why = f"not repeatable: {left_out}"
            return
        if len(test.pairs) == PAIRS_A_BATCH:
            test.verdict = self._cleared(test, [*test.early, *test.pairs], spreads)
        if test.is_open:
            step = next_pairs(test.pairs, test.policy, suite_size)
            test.verdict = None if isinstance(step, MorePairs) else step

    def _batch(self, test: _Test) -> None:
        """Some pairs in new processes, after a run that only warms them up."""
        processes = self._fresh()
        try:
            self._pair(test, processes)
            for _ in range(PAIRS_A_BATCH):
                test.pairs.append(self._pair(test, processes))
        finally:
            processes.close()

    def _free_if_parallel(self, test: _Test) -> None:
        """Do not hold a test to one CPU that makes use of several."""
        if not test.apart:
            return
        processes = self._fresh()
        try:
            runs = processes.run(test.name, Mode.FREE)
        finally:
            processes.close()
        if any(is_parallel(run) for run in runs):
            test.mode = Mode.FREE

    def _pair(self, test: _Test, processes: Processes) -> Pair:
        """One pair; raises ``_LeftOutError`` where there is none."""
        runs = processes.run(test.name, test.mode)
        problem = problem_of(*runs)
        if problem and test.mode is Mode.TOGETHER:
            # Two versions at once may want the same port or file.
            test.mode = Mode.IN_TURN
            runs = processes.run(test.name, test.mode)
            problem = problem_of(*runs)
        if problem:
            raise _LeftOutError(problem)
        pair = as_pair(*runs, test.mode, processes.number)
        if pair is None:
            raise _LeftOutError("a meter was lost meanwhile")
        costs = [run.cost for run in runs if run.cost is not None]
        test.cpu_s = max(cost.cpu_s for cost in costs)
        test.wall_s = max(cost.wall_s for cost in costs)
        test.apart = any(run.apart for run in runs)
        test.mode = later_mode(test.mode, test.cpu_s)
        return pair

    def _fresh(self) -> Processes:
        self._batches += 1
        return Processes(self._generations.sessions(), self._dice, self._batches)


def _lost(lost: SideLostError) -> str:
    return f"it ended its process on {' and '.join(lost.names)} ({lost.why})"


def _compared(test: _Test) -> ComparedTest:
    return ComparedTest(
        test=test.name,
        verdict=test.verdict,
        pairs=len(test.early) + len(test.pairs),
        mode=test.mode.value,
        why=test.why,
        explanation=test.explanation,
    )
