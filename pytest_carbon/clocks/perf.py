"""The kernel's own sum over a process tree: a perf task-clock event with inheritance.

It sees threads, living, dead and detached descendants, needs no hardware counter, and costs
a microsecond a read. Constants: ``linux/perf_event.h``.
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.forks import generation
from pytest_carbon.perf_event import open_perf_event
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.clocks.unseen import UnseenChildren

__all__ = ["PerfClock", "open_perf", "open_task_clock"]

NAME = "perf-task-clock"
_IS_EVENT = "[perf_event]"

_PERF_TYPE_SOFTWARE = 1
_PERF_COUNT_SW_TASK_CLOCK = 1


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


def _own_threads() -> list[int]:
    return [int(task.name) for task in Path("/proc/self/task").iterdir()]


class PerfClock:
    """One event a thread that exists now; what they start is counted by inheritance.

    Raises ``OSError`` where events cannot be opened. In a forked child the clock goes on from
    its last value with events of the child's own, as the inherited ones read the parent's;
    ``since_fork`` is what the child has counted until then. ``unseen`` finds what events miss.
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
        since_fork: Callable[[], int] = System.process_time_ns,
        unseen: UnseenChildren | None = None,
    ) -> None:
        self._read, self._close = System.read, System.close
        self._since_fork = since_fork
        self._unseen = unseen
        self._open_event = open_event
        self._threads = threads
        self._events: list[int] = []
        self._generation = generation()
        self._born = -1
        self._base_ns = 0
        self._last_ns = 0
        self._open()

    def read_ns(self) -> int:
        """Nanoseconds since the clock was opened; raises ``OSError`` where that fails."""
        if self._generation[0] != self._born:
            self._base_ns = self._last_ns + self._since_fork()
            self._open()
            if self._unseen is not None:
                self._unseen.restart(self._base_ns)
        used = None if self._unseen is None else self._unseen.used()
        total = self._base_ns
        for event in self._events:
            try:
                count = self._read(event, 8)
            except OSError:
                # A test has closed it. What came since is lost, and the next reading is good.
                self._base_ns = self._last_ns
                self._open()
                if self._unseen is not None:
                    self._unseen.restart(self._base_ns)
                raise
            if not count:
                raise OSError(errno.EIO, "the event is no longer counted")
            total += int.from_bytes(count, sys.byteorder)
        self._last_ns = total
        return total if self._unseen is None else self._unseen.add_to(total, used)

    def close(self) -> None:
        """Close the events; may be called twice."""
        while self._events:
            close_own(self._events.pop(), _IS_EVENT, self._close)

    def _open(self) -> None:
        self.close()
        self._born = self._generation[0]
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
    if sys.platform != "linux":
        return Refusal(clock=NAME, reason="perf events are a feature of Linux")
    if not Path("/proc/self/task").is_dir():  # type: ignore[unreachable, unused-ignore]
        return Refusal(clock=NAME, reason="threads are listed in /proc, which is not here")
    from pytest_carbon.clocks.unseen import UnseenChildren

    try:
        clock = PerfClock(open_event=open_event, unseen=UnseenChildren())
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
