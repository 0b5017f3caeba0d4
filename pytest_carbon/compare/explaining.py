"""Profiling convicted tests on both sides, once their verdicts stand."""

from __future__ import annotations

import time
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_carbon.compare.pairs import Mode, SideLostError, problem_of
from pytest_carbon.explain.culprit import Explanation, explain
from pytest_carbon.explain.profile import joined, least_disturbed
from pytest_carbon.explain.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.compare.pairs import Processes
    from pytest_carbon.compare.side import Side
    from pytest_carbon.explain.profile import Profile
    from pytest_carbon.explain.spent import Lines

__all__ = ["Explainer"]

# A test is profiled so often, but for no longer than so many of its runs and some seconds: with the
# start of its processes and a first run, explaining it may take ten runs and two seconds.
MOST_PROFILES = 5
WHILE_RUNS = 8
WHILE_S = 1.25

NOT_PROFILED = "it does not pass under a profiler"

# Below this part of CPU time in its time, a test waits.
WAITS_BELOW = 0.9


class Explainer:
    """Explains rises of tests of two sides."""

    def __init__(self, sides: Sequence[Side]) -> None:
        base, head = (partial(_read, side) for side in sides)
        self._versions = Versions(base, head)

    def explain(
        self, test: str, energies_j: tuple[float, float], processes: Processes, *, free: bool
    ) -> Explanation:
        """Profile a test in two new processes; ``free`` lets it use all CPUs.

        ``energies_j`` are what base's and head's runs of it take. Never raises for what the test
        does: what cannot be explained says why.
        """
        rise_j = energies_j[1] - energies_j[0]
        try:
            profiles = self._profiles(test, processes, free=free, most=MOST_PROFILES)
        except SideLostError as lost:
            return Explanation(rise_j, trouble=f"it ended its process ({lost.why})")
        if isinstance(profiles, str):
            return Explanation(rise_j, trouble=profiles)
        return explain(profiles, energies_j, self._versions)

    def lines(self, file: str, name: str) -> Lines | None:
        """Where a function stands in head; ``None`` where only base has it."""
        return self._versions.lines(file, name)

    def explain_together(
        self,
        tests: Sequence[tuple[str, bool]],
        energies_j: tuple[float, float],
        new_processes: Callable[[], Processes],
    ) -> Explanation:
        """Explain a small rise that many tests share, by the functions that were changed.

        ``tests`` are names, and whether they need all CPUs. Those that cannot be profiled are left
        out.
        """
        found: list[tuple[Profile, Profile]] = []
        processes: Processes | None = None
        for test, is_free in tests:
            try:
                processes = processes or new_processes()
                profiles = self._profiles(test, processes, free=is_free, most=1)
            except SideLostError:
                processes = None
                continue
            if not isinstance(profiles, str):
                found.append(profiles)
        if processes is not None:
            processes.close()
        if not found:
            rise_j = energies_j[1] - energies_j[0]
            return Explanation(rise_j, trouble="its tests do not pass under a profiler")
        base, head = (joined([both[side] for both in found]) for side in (0, 1))
        return explain((base, head), energies_j, self._versions, only_changed=True)

    def _profiles(
        self, test: str, processes: Processes, *, free: bool, most: int
    ) -> tuple[Profile, Profile] | str:
        """Base's and head's profile, or why there is none; raises ``SideLostError``."""
        mode = Mode.FREE if free else Mode.IN_TURN
        # A first run warms the processes up, as everywhere.
        runs = processes.run(test, mode)
        problem = problem_of(*runs)
        if problem:
            return problem
        costs = [run.cost for run in runs if run.cost is not None]
        waits = any(run.apart for run in runs) or any(
            cost.cpu_s < WAITS_BELOW * cost.wall_s for cost in costs
        )
        wall_s = max((cost.wall_s for cost in costs), default=0.0)
        until_s = time.monotonic() + WHILE_RUNS * wall_s + WHILE_S
        found: list[tuple[Profile | None, Profile | None]] = []
        longest_s = 0.0
        while len(found) < most and (not found or time.monotonic() + longest_s < until_s):
            start_s = time.monotonic()
            found.append(processes.profile(test, mode, waits=waits))
            longest_s = max(longest_s, time.monotonic() - start_s)
        both = []
        for side in (0, 1):
            profiles = [profile for pair in found if (profile := pair[side]) is not None]
            if not profiles:
                return NOT_PROFILED
            both.append(least_disturbed(profiles))
        return both[0], both[1]


def _read(side: Side, file: str) -> bytes | None:
    """The text of a file of a side."""
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        return None
    try:
        return (side.folder / file).read_bytes()
    except OSError:
        return None
