"""Functions of the standard library that measure, as they were before any conftest file.

A test may replace them while it is measured (a mock of ``os.getpid``, a frozen clock, a fake file
system), and a conftest file for the whole run. So they are bound when the plugin is loaded; in a
class, as fake file systems and frozen clocks replace what they find in modules.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import select
import selectors
import signal
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["System", "originals"]


def _where_known(module: object, name: str) -> Any:
    return staticmethod(getattr(module, name, None))  # type: ignore[arg-type]


class System:
    """Each function under its own name."""

    getpid = staticmethod(os.getpid)
    getppid = staticmethod(os.getppid)
    listdir = staticmethod(os.listdir)
    os_open = staticmethod(os.open)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    close = staticmethod(os.close)
    kill = staticmethod(os.kill)
    pread = _where_known(os, "pread")
    waitid = _where_known(os, "waitid")
    open: Any = staticmethod(io.open)

    clock_gettime_ns = _where_known(time, "clock_gettime_ns")
    monotonic = staticmethod(time.monotonic)
    monotonic_ns = staticmethod(time.monotonic_ns)
    perf_counter = staticmethod(time.perf_counter)
    perf_counter_ns = staticmethod(time.perf_counter_ns)
    process_time_ns = staticmethod(time.process_time_ns)
    thread_time_ns = staticmethod(time.thread_time_ns)
    sleep = staticmethod(time.sleep)
    time = staticmethod(time.time)

    current_thread = staticmethod(threading.current_thread)
    get_ident = staticmethod(threading.get_ident)
    get_native_id = staticmethod(threading.get_native_id)

    dumps = staticmethod(json.dumps)
    loads = staticmethod(json.loads)


_PLACES = os, time, threading, json, subprocess, io, select, selectors, signal
_FUNCTIONS = FunctionType, BuiltinFunctionType, type

_ORIGINALS: list[tuple[ModuleType, str, object]] = [
    (module, name, value)
    for module in _PLACES
    for name, value in vars(module).items()
    if isinstance(value, _FUNCTIONS)
]
_ORIGINALS += [(builtins, name, getattr(builtins, name)) for name in ("open", "__import__")]


@contextmanager
def originals() -> Iterator[None]:
    """All functions of these modules are what they were, and afterwards what they were made.

    For work of ours before and after the tests, in which modules of others take part. Whoever
    replaces one function of a module may have replaced what it needs, too.
    """
    with ExitStack() as stack:
        for module, name, before in _ORIGINALS:
            now = getattr(module, name, None)
            if now is before:
                continue
            setattr(module, name, before)
            if now is None:
                stack.callback(vars(module).pop, name, None)
            else:
                stack.callback(setattr, module, name, now)
        yield
