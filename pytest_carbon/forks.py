"""What a process with a thread of ours does when somebody forks it."""

from __future__ import annotations

import functools
import os
import sys
import threading
import weakref
from typing import Any, Protocol

__all__ = ["THREADS", "Holder", "generation", "hold_at_forks", "other_threads"]

THREADS = "carbon-"
"""How the names of our threads begin; each of them ends before a fork."""

_generation = [0]


def _count_fork() -> None:
    _generation[0] += 1


@functools.cache
def generation() -> list[int]:
    """How many forks lie between this process and the one that asked first; its only item.

    To look at it costs nothing, where asking for the process's number is a call of the system.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_count_fork)
    return _generation


def other_threads() -> list[str]:
    """The names of threads of this process that are not ours, and that a fork would lose."""
    main = threading.main_thread()
    return [
        thread.name
        for thread in threading.enumerate()
        if thread is not main and not thread.name.startswith(THREADS)
    ]


class Holder(Protocol):
    """Who has a thread that must not run while the process is forked."""

    def before_fork(self) -> None:
        """End the thread."""

    def after_fork(self) -> None:
        """Undo all but that, in both processes."""

    def resume(self) -> None:
        """Start the thread again, where it was ended."""


def hold_at_forks(holder: Holder) -> None:
    """Tell a holder of every fork from now on. It is not kept alive by that."""
    if not hasattr(os, "register_at_fork"):
        return
    found = weakref.ref(holder)

    def call(name: str) -> None:
        alive = found()
        if alive is not None:
            getattr(alive, name)()

    os.register_at_fork(
        before=lambda: call("before_fork"),
        after_in_parent=lambda: call("after_fork"),
        after_in_child=lambda: call("after_fork"),
    )
    os.register_at_fork(after_in_parent=_pending_call(lambda: call("resume")))


def _pending_call(function: Any) -> Any:
    """What makes CPython call a function with the next line of Python.

    Python counts threads between the hooks after a fork and its return, so that a hook is too early
    to start one; this one has no line of Python itself. Elsewhere nothing is called, and the next
    reading starts the thread.
    """
    if sys.implementation.name != "cpython":
        return lambda: None
    import ctypes

    def run(_: object) -> int:
        function()
        return 0

    as_c = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(run)
    return functools.partial(ctypes.pythonapi.Py_AddPendingCall, as_c, None)
