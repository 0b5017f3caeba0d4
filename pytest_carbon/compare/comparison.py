"""From two sides to verdicts: everything once, then only suspects, until each is decided."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_carbon.compare.explaining import Explainer
from pytest_carbon.compare.pairs import Mode, SideLostError
from pytest_carbon.compare.proof import prove
from pytest_carbon.compare.record import LeftOutError, Record, lost_reason, take_pair
from pytest_carbon.compare.result import Comparison
from pytest_carbon.compare.sessions import Generations
from pytest_carbon.compare.suspects import Suspects, cleared
from pytest_carbon.compare.whole_suite import WholeSuite
from pytest_carbon.errors import NothingComparedError
from pytest_carbon.gate.pairs.first_pairs import pair_spreads

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from pytest_carbon.compare.pairs import Processes
    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.side import Side
    from pytest_carbon.gate.pairs.suspects import PairedPolicy

__all__ = ["Comparer"]

# Pairs that a test may get where it stands, before it is measured in new processes.
EARLY_PAIRS = 3


class Comparer:
    """Compares two sides.

    ``examine_all`` treats every test as a suspect, ``measures_all`` measures also those suspects
    that a culprit explains, ``together`` lets the two runs of a pair share a CPU at the same time.
    Raises ``NothingComparedError`` and ``CompareError``.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        policy: PairedPolicy,
        *,
        progress: Progress,
        examine_all: bool = False,
        measures_all: bool = False,
        together: bool = True,
        dice: random.Random | None = None,
    ) -> None:
        self._sides = sides
        self._policy = policy
        self._progress = progress
        self._examine_all = examine_all
        self._together = together
        self._measures_all = measures_all
        self._generations = Generations(sides, dice)

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
            Record(
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
        explainer = Explainer(self._sides)
        suspects = Suspects(
            explainer,
            self._generations,
            self._progress,
            suite_size=len(tests),
            clears_nobody=self._examine_all,
            measures_all=self._measures_all,
        )
        spreads = self._clear(tests)
        left = [test for test in tests if test.is_open]
        if suspects.rise_together(left):
            processes.close()
            suspects.explain_by_first(left, spreads)
            processes = self._generations.processes()
            # Without those that have changed, the suite shows better what a pair is worth.
            spreads = self._clear(tests)
        self._again(tests, processes, spreads)
        processes.close()
        suspects.decide([test for test in tests if test.is_open], spreads)
        sums = WholeSuite(self._generations, self._policy, self._progress).judge(tests, explainer)
        self._progress.done()
        return Comparison(
            base=self._sides[0].label,
            head=self._sides[1].label,
            tests=tuple(test.finished() for test in tests),
            new=tuple(name for name in head.items if name not in known),
            gone=tuple(name for name in base.items if name not in set(head.items)),
            tolerance=self._policy.tolerance,
            method=f"{'; '.join(head.meters)}; clock: {head.clock}",
            proof=proof,
            once_s=once_s,
            wall_s=time.perf_counter() - start_s,
            suspects=sum(bool(test.pairs) for test in tests),
            sums=tuple(sums),
            is_aa=self._examine_all,
            notes=(*notes, *self._generations.notes(), *self._hints(tests)),
        )

    def _hints(self, tests: Sequence[Record]) -> list[str]:
        """What to type where tests fail for want of something that was not built."""
        shared = all(side.installation.folder is None for side in self._sides)
        if shared and any(" on both sides" in t.why and "No module named" in t.why for t in tests):
            return ["if the project has to be built first, say how: --setup 'pip install -e .'"]
        return []

    def _once(self, tests: Sequence[Record]) -> Processes:
        """A first pair of every test; returns the processes that ran them."""
        processes = self._generations.processes()
        start_s = time.perf_counter()
        for done, test in enumerate(tests):
            left_s = (time.perf_counter() - start_s) / max(done, 1) * (len(tests) - done)
            self._progress.step("running every test once", done, len(tests), left_s)
            try:
                pair = take_pair(test, processes)
            except SideLostError as lost:
                test.why = lost_reason(lost)
                processes = self._generations.processes()
            except LeftOutError as left_out:
                test.why = str(left_out)
            else:
                test.early.append(pair)
        return processes

    def _clear(self, tests: Sequence[Record]) -> dict[str, float]:
        """Clear what the first pairs can clear; returns what a pair of each test is worth."""
        spreads = pair_spreads(
            {test.name: test.early[0] for test in tests if test.early and not test.is_finding}
        )
        for test in tests:
            if test.is_open:
                test.verdict = cleared(test, test.early, spreads, clears_nobody=self._examine_all)
        return spreads

    def _again(
        self, tests: Sequence[Record], processes: Processes, spreads: Mapping[str, float]
    ) -> None:
        """Clear what a few pairs can clear, where the tests stand."""
        for done, test in enumerate(tests):
            self._progress.step("a second look where the first was unclear", done, len(tests))
            while test.is_open and not self._examine_all and len(test.early) < EARLY_PAIRS:
                try:
                    test.early.append(take_pair(test, processes))
                except SideLostError:
                    return
                except LeftOutError:
                    break
                test.verdict = cleared(test, test.early, spreads, clears_nobody=self._examine_all)
