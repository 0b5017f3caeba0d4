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

__all__ = ["Lines", "Spent", "spent_s"]


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
    """A run of a test, how it ended, and the seconds that it spent in each function asked for."""

    outcome: str
    spent_s: tuple[float, ...]


def spent_s(
    run: Callable[[], object],
    functions: Sequence[Lines],
    path_in_project: Callable[[str], str | None],
) -> list[float]:
    """CPU seconds that ``run()`` spends in each of ``functions``, without what these call.

    Nothing where another tool holds the profiler's place.
    """
    if sys.getprofile() is not None or not standard_is_free():
        run()
        return [0.0] * len(functions)
    # CPU time: a neighbour would make one run look like another test. Builtins are part of who
    # calls them, which is half as much to follow.
    profile = cProfile.Profile(time.thread_time, builtins=False, subcalls=False)
    profile.enable()
    try:
        run()
    finally:
        profile.disable()
    found = [0.0] * len(functions)
    files = {lines.file for lines in functions}
    entries: list[Any] = profile.getstats()
    for entry in entries:
        file = path_in_project(entry.code.co_filename)
        if file in files:
            for at, lines in enumerate(functions):
                if lines.hold(file, entry.code):
                    found[at] += entry.inlinetime
    return found
