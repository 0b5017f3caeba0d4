"""The kernel's own sum over a process tree: a perf task-clock event with inheritance.

It sees threads, living, dead and detached descendants, needs no hardware counter, and costs
a microsecond a read. Constants: ``linux/perf_event.h`` and each architecture's system call
table.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.descriptors import close_own, out_of_reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["PerfClock", "open_perf", "open_perf_event", "open_task_clock"]

NAME = "perf-task-clock"
_IS_EVENT = "[perf_event]"

_PERF_TYPE_SOFTWARE = 1
_PERF_COUNT_SW_TASK_CLOCK = 1
_ATTR_SIZE_VER0 = 64
_INHERIT = 1 << 1
# Without the right to watch the kernel this is demanded; the task clock counts the same.
_EXCLUDE_KERNEL = 1 << 5
_PERF_FLAG_FD_CLOEXEC = 1 << 3
_ANY_CPU = -1
_NO_GROUP = -1


# The number of perf_event_open, by machine and width of a pointer in this process.
_SYSCALL = {
    ("x86_64", 8): 298,
    ("x86_64", 4): 336,
    ("i686", 4): 336,
    ("aarch64", 8): 241,
    ("aarch64", 4): 364,
    ("armv7l", 4): 364,
    ("riscv64", 8): 241,
    ("loongarch64", 8): 241,
    ("ppc64le", 8): 319,
    ("s390x", 8): 331,
}

_REMEDIES = {
    errno.EACCES: "sudo sysctl kernel.perf_event_paranoid=2",
    errno.EPERM: (
        "sudo sysctl kernel.perf_event_paranoid=2; in a container, also let its seccomp "
        "profile pass perf_event_open (docker run --cap-add PERFMON)"
    ),
}


def open_task_clock(thread_id: int) -> int:
    """A file descriptor that counts the CPU time of a thread and of all it will start.

    Raises ``OSError`` as ``open_perf_event`` does.
    """
    return open_perf_event(_PERF_TYPE_SOFTWARE, _PERF_COUNT_SW_TASK_CLOCK, thread_id)


def open_perf_event(kind: int, config: int, thread_id: int, flags: int = 0) -> int:
    """A file descriptor that counts an event in a thread and in all that it will start.

    ``flags`` are further bits of the attributes. Raises ``OSError`` where the kernel refuses,
    ``ENOSYS`` where its call is not known.
    """
    import ctypes

    attributes = struct.pack(
        "IIQQQQQ16x",
        kind,
        _ATTR_SIZE_VER0,
        config,
        0,  # no sampling
        0,
        0,  # a read gives the bare count
        _INHERIT | _EXCLUDE_KERNEL | flags,
    )

    number = _SYSCALL.get((os.uname().machine, struct.calcsize("P")))
    if number is None:
        raise OSError(errno.ENOSYS, f"perf_event_open is not known on {os.uname().machine}")
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    # Variadic arguments travel as longs: a bare int would leave the upper half undefined.
    as_long = ctypes.c_long
    descriptor = syscall(
        as_long(number),
        attributes,
        as_long(thread_id),
        as_long(_ANY_CPU),
        as_long(_NO_GROUP),
        as_long(_PERF_FLAG_FD_CLOEXEC),
    )
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(descriptor)


def _own_threads() -> list[int]:
    return [int(task.name) for task in Path("/proc/self/task").iterdir()]


class PerfClock:
    """One event a thread that exists now; what they start is counted by inheritance.

    Raises ``OSError`` where events cannot be opened. In a forked child the clock goes on from
    its last value with events of the child's own, as the inherited ones read the parent's;
    ``since_fork`` is what the child has counted until then.
    """

    name = NAME
    description = (
        "perf task-clock: threads and descendants, ended, living or detached, started since; "
        "counts time stolen from a virtual machine"
    )

    def __init__(
        self,
        *,
        open_event: Callable[[int], int] = open_task_clock,
        threads: Callable[[], Sequence[int]] = _own_threads,
        since_fork: Callable[[], int] = time.process_time_ns,
    ) -> None:
        # A test may replace functions of os while it runs (pyfakefs does): these stay.
        self._read, self._close, self._getpid = os.read, os.close, os.getpid
        self._since_fork = since_fork
        self._open_event = open_event
        self._threads = threads
        self._events: list[int] = []
        self._pid = -1
        self._base_ns = 0
        self._last_ns = 0
        self._open()

    def read_ns(self) -> int:
        """Nanoseconds since the clock was opened; raises ``OSError`` where that fails."""
        if self._getpid() != self._pid:
            self._base_ns = self._last_ns + self._since_fork()
            self._open()
        total = self._base_ns
        for event in self._events:
            try:
                count = self._read(event, 8)
            except OSError:
                # A test has closed it. What came since is lost, and the next reading is good.
                self._base_ns = self._last_ns
                self._open()
                raise
            if not count:
                raise OSError(errno.EIO, "the event is no longer counted")
            total += int.from_bytes(count, sys.byteorder)
        self._last_ns = total
        return total

    def close(self) -> None:
        """Close the events; may be called twice."""
        while self._events:
            close_own(self._events.pop(), _IS_EVENT, self._close)

    def _open(self) -> None:
        self.close()
        self._pid = self._getpid()
        try:
            for thread_id in self._threads():
                try:
                    self._events.append(out_of_reach(self._open_event(thread_id)))
                except ProcessLookupError:  # noqa: PERF203 - the thread ended since it was listed
                    continue
        except OSError:
            self.close()
            raise


def open_perf(*, open_event: Callable[[int], int] = open_task_clock) -> PerfClock | Refusal:
    """The clock, or why there is none: another system, or a kernel that does not permit it."""
    if sys.platform != "linux" or not Path("/proc/self/task").is_dir():
        return Refusal(clock=NAME, reason="perf events are a feature of Linux")
    try:
        clock = PerfClock(open_event=open_event)
        ticks = clock.read_ns()
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "")
        return Refusal(
            clock=NAME, reason=f"perf_event_open: {error.strerror or error}", remedy=remedy
        )
    if ticks <= 0:
        clock.close()
        return Refusal(clock=NAME, reason="perf_event_open works, but its task clock stands still")
    return clock
