"""What a profiler itself adds to the times that it reports, and taking that off.

Each call that is followed costs time of its own, part of which is counted for the callee and part
for its caller. Without a correction, code that makes no calls looks cheaper than it is: a loop
that took half of a test's time had a quarter of its profile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType
    from typing import TypeAlias

    Key: TypeAlias = CodeType | str

__all__ = ["Overhead", "Sum", "measured_overhead", "without_overhead"]

_TURNS = 5_000
_TRIES = 3

# A function keeps at least this part of its time: the overhead is a mean over all kinds of calls.
_LEAST_LEFT = 0.1


class Sum(NamedTuple):
    """Calls from one function to another: how many, their time without and with further calls."""

    times: int = 0
    self_s: float = 0.0
    total_s: float = 0.0

    def plus(self, times: int, self_s: float, total_s: float) -> Sum:
        """With so many calls and seconds more."""
        return Sum(self.times + times, self.self_s + self_s, self.total_s + total_s)


class Overhead(NamedTuple):
    """Seconds that one call adds to the callee and to its caller, by what is called."""

    python_callee_s: float = 0.0
    python_caller_s: float = 0.0
    builtin_callee_s: float = 0.0
    builtin_caller_s: float = 0.0


def _nothing() -> None:
    pass


def _python_calls() -> None:
    for _ in range(_TURNS):
        _nothing()


def _builtin_calls() -> None:
    empty = ()
    for _ in range(_TURNS):
        len(empty)


def measured_overhead(
    profiled: Callable[[Callable[[], object]], Mapping[Any, Sum]],
) -> Overhead:
    """The overhead of a profiler, which ``profiled`` runs on a callable, from calls of nothing."""
    figures: list[float] = []
    for run, name in ((_python_calls, "_nothing"), (_builtin_calls, "len")):
        plain_s = min(_time_s(run) for _ in range(_TRIES)) / _TURNS
        callee_s, caller_s = min(_times_s(profiled(run), run, name) for _ in range(_TRIES))
        # A call that does nothing takes about as long in the callee as around it.
        figures += [max(0.0, callee_s - plain_s / 2), max(0.0, caller_s - plain_s / 2)]
    return Overhead(*figures)


def _time_s(run: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    run()
    return time.perf_counter() - start_s


def _times_s(calls: Mapping[Any, Sum], run: Callable[[], object], name: str) -> tuple[float, float]:
    """The time of the callee and of its caller, for each call."""
    code = run.__code__
    caller_s = sum(cost.self_s for (_, callee), cost in calls.items() if callee is code)
    callee_s = sum(cost.self_s for (_, callee), cost in calls.items() if _named(callee) == name)
    return callee_s / _TURNS, caller_s / _TURNS


def _named(key: object) -> str:
    name = getattr(key, "co_name", None)
    return name if name is not None else str(key).strip("<>").rpartition(" ")[2].rpartition(".")[2]


def without_overhead(
    calls: Mapping[tuple[Key | None, Key], Sum], overhead: Overhead
) -> dict[tuple[Key | None, Key], Sum]:
    """The same calls without what the profiler added to their own times."""
    callers_s: dict[Key, float] = {}
    own_s: dict[Key, float] = {}
    for (caller, callee), cost in calls.items():
        own_s[callee] = own_s.get(callee, 0.0) + cost.self_s
        if caller is not None:
            each_s = (
                overhead.builtin_caller_s if isinstance(callee, str) else overhead.python_caller_s
            )
            callers_s[caller] = callers_s.get(caller, 0.0) + cost.times * each_s
    found = {}
    for (caller, callee), cost in calls.items():
        each_s = overhead.builtin_callee_s if isinstance(callee, str) else overhead.python_callee_s
        share = cost.self_s / own_s[callee] if own_s[callee] > 0 else 0.0
        added_s = cost.times * each_s + share * callers_s.get(callee, 0.0)
        left_s = max(cost.self_s - added_s, _LEAST_LEFT * cost.self_s)
        found[caller, callee] = cost._replace(self_s=left_s)
    return found
