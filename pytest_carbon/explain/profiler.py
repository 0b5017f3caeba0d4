"""Profiling one run of a test, in the process that runs it.

The standard library's deterministic profiler counts every call exactly. From Python 3.12 on there
is one for all threads, and it mixes up the calls of threads that run at once: where a test starts
any, or where another tool holds the profiler's place, ``sys.setprofile`` follows the calls
instead, which is slower.
"""

from __future__ import annotations

import cProfile
import functools
import sys
import threading
import time
from types import CodeType
from typing import TYPE_CHECKING, Any

from pytest_carbon.explain.child_processes import ChildProcesses
from pytest_carbon.explain.overhead import Overhead, Sum, measured_overhead, without_overhead
from pytest_carbon.explain.profile import OUTSIDE, Call, Function, Profile
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

__all__ = ["profile_run", "standard_is_free"]

# The version from which on there is one profiler for all threads, and its place among the tools.
_ONE_FOR_ALL = (3, 12)
_PROFILER_ID = 2

# A function's code, or the text by which the profiler names what has none.
_Key = CodeType | str


# All calls by caller (``None``: nothing that was profiled) and callee.
_Calls = dict[tuple[_Key | None, _Key], Sum]


def profile_run(
    run: Callable[[], object],
    path_in_project: Callable[[str], str | None],
    *,
    waits: bool,
    has_threads: bool = False,
) -> Profile | None:
    """Profile ``run()``; ``None`` where that has to be done again with ``has_threads``.

    ``path_in_project`` gives the path within the project for a source file of it, ``None`` for
    others. ``waits`` tells that the test spends much of its time waiting: only CPU time counts
    then, whose clock makes each call costlier.
    """
    if sys.getprofile() is not None:
        return Profile((), (), "another tool holds Python's profiling hook")
    is_standard = standard_is_free() and not (has_threads and sys.version_info >= _ONE_FOR_ALL)
    overhead = _overhead(is_standard=is_standard, waits=waits)
    profiler = _Standard(waits=waits) if is_standard else _Follower()
    with ChildProcesses() as children:
        profiler.start()
        try:
            run()
        finally:
            profiler.stop()
    if profiler.is_torn:
        return None
    calls = without_overhead(profiler.calls(), overhead)
    for stack, label, cpu_s in children.costs():
        starter = next((code for code in stack if path_in_project(code.co_filename)), None)
        key = (starter, label)
        calls[key] = calls.get(key, Sum()).plus(1, cpu_s, cpu_s)
    return _as_profile(calls, path_in_project)


@functools.cache
def _overhead(*, is_standard: bool, waits: bool) -> Overhead:
    """What following a call costs in this process."""

    def profiled(run: Callable[[], object]) -> _Calls:
        profiler = _Standard(waits=waits) if is_standard else _Follower()
        profiler.start()
        run()
        profiler.stop()
        return profiler.calls()

    return measured_overhead(profiled)


def standard_is_free() -> bool:
    """Whether no other tool holds the place of the standard profiler."""
    monitoring: Any = getattr(sys, "monitoring", None)
    return monitoring is None or monitoring.get_tool(_PROFILER_ID) is None


class _Standard:
    """``cProfile``, in every thread of its own where that is possible."""

    def __init__(self, *, waits: bool) -> None:
        self.is_torn = False
        clock = time.thread_time if waits else time.perf_counter
        self._profiles = [cProfile.Profile(clock)]

    def start(self) -> None:
        threading.setprofile(self._begin_thread)
        self._profiles[0].enable()

    def stop(self) -> None:
        self._profiles[0].disable()
        threading.setprofile(None)

    def _begin_thread(self, _frame: FrameType, _event: str, _arg: object) -> None:
        """Called once by each new thread, as its first function begins."""
        sys.setprofile(None)
        if sys.version_info >= _ONE_FOR_ALL:
            self.is_torn = True
            return
        # Threads wait for each other, so that only their CPU time tells what each has done.
        profile = cProfile.Profile(time.thread_time)
        self._profiles.append(profile)
        profile.enable()

    def calls(self) -> _Calls:
        calls: _Calls = {}
        for profile in self._profiles:
            entries: list[Any] = profile.getstats()
            seen: dict[_Key, Sum] = {}
            for entry in entries:
                for call in entry.calls or ():
                    figures = (call.callcount, call.inlinetime, call.totaltime)
                    key = (entry.code, call.code)
                    calls[key] = calls.get(key, Sum()).plus(*figures)
                    seen[call.code] = seen.get(call.code, Sum()).plus(*figures)
            for entry in entries:
                known = seen.get(entry.code, Sum())
                if entry.callcount > known.times:
                    rest = Sum(
                        entry.callcount - known.times,
                        max(entry.inlinetime - known.self_s, 0.0),
                        max(entry.totaltime - known.total_s, 0.0),
                    )
                    key = (None, entry.code)
                    calls[key] = calls.get(key, Sum()).plus(*rest)
        return calls


class _Follower:
    """Follows calls by ``sys.setprofile``, thread by thread, in CPU time."""

    is_torn = False

    def __init__(self) -> None:
        self._threads: list[_Thread] = []

    def start(self) -> None:
        threading.setprofile(self._begin_thread)
        self._begin()

    def stop(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _begin(self) -> _Thread:
        thread = _Thread()
        self._threads.append(thread)
        sys.setprofile(thread.follow)
        return thread

    def _begin_thread(self, frame: FrameType, event: str, arg: Any) -> None:
        self._begin().follow(frame, event, arg)

    def calls(self) -> _Calls:
        calls: _Calls = {}
        for thread in self._threads:
            for key, cost in thread.calls.items():
                calls[key] = calls.get(key, Sum()).plus(*cost)
        return calls


class _Thread:
    """The calls of one thread, as they happen."""

    def __init__(self) -> None:
        self.calls: _Calls = {}
        # Of each call that has not returned: what is called, since when, and what its own calls
        # have taken so far.
        self._open: list[tuple[_Key, int, list[int]]] = []

    def follow(self, frame: FrameType, event: str, arg: Any) -> None:
        now_ns = time.thread_time_ns()
        if event == "call":
            self._open.append((frame.f_code, now_ns, [0]))
        elif event == "c_call":
            self._open.append((_builtin(arg), now_ns, [0]))
        elif self._open:
            # Returns of what was called before the profile began have nothing to close.
            key, since_ns, inside_ns = self._open.pop()
            total_ns = now_ns - since_ns
            caller = None
            if self._open:
                caller, _, inside = self._open[-1]
                inside[0] += total_ns
            before = self.calls.get((caller, key), Sum())
            self.calls[caller, key] = before.plus(
                1, (total_ns - inside_ns[0]) / NS_PER_S, total_ns / NS_PER_S
            )


def _builtin(function: Any) -> str:
    """The name of a function that has no Python code."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__qualname__", repr(function))
    if isinstance(owner, type(sys)):
        return name if owner.__name__ == "builtins" else f"{owner.__name__}.{name}"
    return name


def _as_profile(calls: _Calls, path_in_project: Callable[[str], str | None]) -> Profile:
    """The calls of the project's functions, and of all that they have called."""
    inside = _below_project(calls, path_in_project)
    functions: dict[_Key, Function] = {}
    modules = _modules_by_file()
    for key in inside:
        functions[key] = _function(key, path_in_project, modules)
    order = sorted(inside, key=functions.__getitem__)
    places: dict[_Key | None, int] = {key: at for at, key in enumerate(order)}
    sums: dict[tuple[int, int], Sum] = {}
    for (caller, callee), cost in calls.items():
        if callee in inside:
            edge = (places.get(caller, OUTSIDE), places[callee])
            sums[edge] = sums.get(edge, Sum()).plus(*cost)
    return Profile(
        tuple(functions[key] for key in order),
        tuple(sorted(Call(*edge, *cost) for edge, cost in sums.items())),  # type: ignore[arg-type]
    )


def _below_project(calls: _Calls, path_in_project: Callable[[str], str | None]) -> set[_Key]:
    """The project's functions and what they call: all but what runs the test."""
    made: dict[_Key, list[_Key]] = {}
    found: set[_Key] = set()
    for caller, callee in calls:
        if caller is not None:
            made.setdefault(caller, []).append(callee)
        for key in (caller, callee):
            if isinstance(key, CodeType) and path_in_project(key.co_filename) is not None:
                found.add(key)
    left = list(found)
    while left:
        new = [key for key in made.get(left.pop(), ()) if key not in found]
        found.update(new)
        left += new
    return found


def _modules_by_file() -> dict[str, str]:
    return {
        file: name
        for name, module in list(sys.modules.items())
        if isinstance(file := getattr(module, "__file__", None), str)
    }


def _function(
    key: _Key, path_in_project: Callable[[str], str | None], modules: dict[str, str]
) -> Function:
    if isinstance(key, str):
        return Function("", 0, _readable(key))
    path = path_in_project(key.co_filename)
    name = getattr(key, "co_qualname", key.co_name).replace(".<locals>", "")
    if path is None:
        return Function("", 0, f"{modules.get(key.co_filename, key.co_filename)}.{name}")
    return Function(path, key.co_firstlineno, name)


def _readable(name: str) -> str:
    """``cProfile``'s name for a builtin as one would type it."""
    words = name.strip("<>").split()
    if name.startswith("<method ") and len(words) >= 4:
        return f"{words[3].strip(chr(39))}.{words[1].strip(chr(39))}"
    if name.startswith("<built-in method "):
        return words[-1].removeprefix("builtins.")
    return name
