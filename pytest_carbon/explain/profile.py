"""A profile of one run of a test: which function called which, how often, and at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "OUTSIDE",
    "Call",
    "Function",
    "Profile",
    "joined",
    "least_disturbed",
]

OUTSIDE = -1
"""The caller of what nothing that was profiled has called."""


class Function(NamedTuple):
    """A function as the profiler saw it.

    ``file`` is its path within the project, with slashes, and empty for library and builtin code
    and for child processes, whose ``name`` then says it all: ``re.Pattern.sub``,
    ``a child process: gzip -9``. ``line`` is the first line of its code, decorators included.
    """

    file: str
    line: int
    name: str


class Call(NamedTuple):
    """All calls from one function to another, by their places in ``Profile.functions``.

    ``self_s`` is the time spent in the callee itself, ``total_s`` includes what it called.
    """

    caller: int
    callee: int
    times: int
    self_s: float
    total_s: float


class Profile(NamedTuple):
    """One run. ``trouble`` says what this profile cannot show; empty where it shows all."""

    functions: tuple[Function, ...]
    calls: tuple[Call, ...]
    trouble: str = ""


def least_disturbed(profiles: Sequence[Profile]) -> Profile:
    """One profile of several runs of the same test.

    Where all runs made the same calls, each call has the least time that it ever took, as whatever
    disturbs a run only adds to that. Else the run that took the least time.
    """
    first = profiles[0]
    same = all(
        profile.functions == first.functions
        and [call[:3] for call in profile.calls] == [call[:3] for call in first.calls]
        for profile in profiles
    )
    if not same:
        return min(profiles, key=lambda profile: sum(call.self_s for call in profile.calls))
    return first._replace(
        calls=tuple(
            calls[0]._replace(
                self_s=min(call.self_s for call in calls),
                total_s=min(call.total_s for call in calls),
            )
            for calls in zip(*(profile.calls for profile in profiles), strict=True)
        )
    )


def joined(profiles: Sequence[Profile]) -> Profile:
    """Several tests as if they were one."""
    places: dict[Function, int] = {}
    sums: dict[tuple[int, int], Call] = {}
    for profile in profiles:
        at = [places.setdefault(function, len(places)) for function in profile.functions]
        for call in profile.calls:
            edge = (OUTSIDE if call.caller == OUTSIDE else at[call.caller], at[call.callee])
            known = sums.get(edge, Call(*edge, 0, 0.0, 0.0))
            sums[edge] = Call(
                *edge,
                known.times + call.times,
                known.self_s + call.self_s,
                known.total_s + call.total_s,
            )
    trouble = next((profile.trouble for profile in profiles if profile.trouble), "")
    return Profile(tuple(places), tuple(sums.values()), trouble)
