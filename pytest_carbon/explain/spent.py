"""The time that single functions take in a test: one run, and far less to count than a profile."""

from __future__ import annotations

import cProfile
import sys
import time
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_carbon.explain.profiler import standard_is_free

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Lines", "spent_s"]


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


def spent_s(
    run: Callable[[], object],
    functions: Sequence[Lines],
    path_in_project: Callable[[str], str | None],
) -> list[float]:
    """CPU seconds that ``run()`` spends in each of ``functions``, and in libraries for it.

    Nothing where another tool holds the profiler's place.
    """
    if sys.getprofile() is not None or not standard_is_free():
        run()
        return [0.0] * len(functions)
    # CPU time: a neighbour would make one run look like another test.
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    try:
        run()
    finally:
        profile.disable()
    found = [0.0] * len(functions)
    files = {lines.file for lines in functions}
    entries: list[Any] = profile.getstats()
    for entry in entries:
        if not isinstance(entry.code, CodeType):
            continue
        file = path_in_project(entry.code.co_filename)
        if file not in files:
            continue
        for at, lines in enumerate(functions):
            if lines.hold(file, entry.code):
                found[at] += entry.inlinetime + sum(
                    call.totaltime
                    for call in entry.calls or ()
                    if not _is_of_project(call.code, path_in_project)
                )
    return found


def _is_of_project(code: object, path_in_project: Callable[[str], str | None]) -> bool:
    return isinstance(code, CodeType) and path_in_project(code.co_filename) is not None
