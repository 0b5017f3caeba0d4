"""The time that single functions take in a test: one run, and far less to count than a profile."""

from __future__ import annotations

import cProfile
import sys
import time
from typing import TYPE_CHECKING, Any

from pytest_carbon.explain.profiler import standard_is_free
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType

__all__ = ["Lines", "Spent", "spent_by"]


class Lines(NamedTuple):
    """Where a function stands: its file in the project, its first line and its last.

    Decorators belong to it.
    """

    file: str
    first: int
    last: int

    def hold(self, file: str | None, code: CodeType) -> bool:
        """Whether a code object is the function's own, or of a comprehension or lambda in it."""
        if file != self.file or not self.first <= code.co_firstlineno <= self.last:
            return False
        return code.co_firstlineno == self.first or code.co_name.startswith("<")


class Spent(NamedTuple):
    """The seconds that a run of a test spent in each function asked for, and how the run ended.

    They contain at most ``lost_s`` of the ``wall_s`` that the run took: those in which it waited,
    or in which others had its CPU.
    """

    spent_s: tuple[float, ...]
    lost_s: float = 0.0
    wall_s: float = 0.0
    outcome: str = ""

    @property
    def least_s(self) -> tuple[float, ...]:
        """The CPU time in each function, if all that was lost was lost there."""
        return tuple(max(0.0, spent_s - self.lost_s) for spent_s in self.spent_s)


def spent_by(
    run: Callable[[], object],
    functions: Sequence[Lines],
    path_in_project: Callable[[str], str | None],
    *,
    is_cpu_time: bool = False,
) -> Spent:
    """The seconds that ``run()`` spends in each of ``functions``, without what these call.

    By a clock that goes on while the run waits, or by CPU time, which takes several times as long
    to ask for as a call takes. Nothing where another tool holds the profiler's place.
    """
    if sys.getprofile() is not None or not standard_is_free():
        run()
        return Spent((0.0,) * len(functions))
    # Builtins are part of who calls them, which is half as much to follow.
    if is_cpu_time:
        profile = cProfile.Profile(time.thread_time, builtins=False, subcalls=False)
    else:
        # With the profiler's own timer, which is read without calling a Python object.
        profile = cProfile.Profile(builtins=False, subcalls=False)
    start_s, start_cpu_s = time.perf_counter(), time.thread_time()
    profile.enable()
    try:
        run()
    finally:
        profile.disable()
    cpu_s, wall_s = time.thread_time() - start_cpu_s, time.perf_counter() - start_s
    found = [0.0] * len(functions)
    files = {lines.file for lines in functions}
    entries: list[Any] = profile.getstats()
    for entry in entries:
        file = path_in_project(entry.code.co_filename)
        if file in files:
            for at, lines in enumerate(functions):
                if lines.hold(file, entry.code):
                    found[at] += entry.inlinetime
    return Spent(tuple(found), 0.0 if is_cpu_time else max(0.0, wall_s - cpu_s), wall_s)
