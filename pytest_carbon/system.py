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
import subprocess
import threading
import time
from typing import Any

__all__ = ["ORIGINALS", "System"]


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
    Popen = subprocess.Popen


ORIGINALS: list[tuple[Any, str, Any]] = [
    (module, name, getattr(module, name))
    for module, names in {
        os: "getpid getppid listdir open read write close kill stat lstat unlink rename replace",
        time: "monotonic perf_counter process_time_ns sleep time time_ns",
        threading: "current_thread get_ident get_native_id",
        json: "dump dumps load loads",
        subprocess: "Popen run check_output",
        io: "open",
        builtins: "open",
    }.items()
    for name in names.split()
]
"""Modules and names, and what they meant: for what is done when all tests have run."""
