"""The helper process: follows the test to its core and times the kernel there.

Started by ``pytest_carbon.speed.launch`` as a light interpreter of its own; what it imports is
kept to what it needs. It daemonises (so that it is nobody's child), reads ``/proc``, writes
into the shared page, and leaves when the test's process is gone or asks it to.
"""

from __future__ import annotations

import gc
import mmap
import os
import time

from pytest_carbon.speed.board import (
    BOARD_BYTES,
    LOSS_AFFINITY,
    LOSS_NONE,
    LOSS_PROC,
    Board,
)
from pytest_carbon.speed.kernel import best_ns, time_kernel
from pytest_carbon.speed.pace import Pace
from pytest_carbon.speed.target import STOPPED, Target, start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["follow", "main"]

_NS_PER_S = 1_000_000_000

_REST_S = 0.0001

# For the launcher to end: 2 s at the most.
_WAIT_S = 0.0005
_MOST_WAITS = 4_000


def _move_to(core: int) -> None:
    os.sched_setaffinity(0, {core})  # type: ignore[attr-defined, unused-ignore]


def _sleep_ns(pause_ns: int) -> None:
    time.sleep(pause_ns / _NS_PER_S)


def follow(
    board: Board,
    core_of_work: Callable[[], int | None],
    *,
    move_to: Callable[[int], None] = _move_to,
    probe_ns: Callable[[float], int] = time_kernel,
    sleep_ns: Callable[[int], None] = _sleep_ns,
) -> None:
    """Probe until the test's thread is gone or the board asks to stop.

    ``core_of_work`` is ``Target.cpu``. What fails is said on the board.
    """
    weight = inverse_sum = last_ns = 0.0
    probes = 0
    here: int | None = None
    pace = Pace(time.monotonic_ns(), time.process_time_ns())

    def publish(loss: int) -> None:
        board.write_row((weight, inverse_sum, last_ns, probes, now_ns, cpu_ns, loss))

    cpu_ns = time.process_time_ns()
    while True:
        edges, is_over = board.read_wishes()
        if is_over:
            return
        now_ns = time.monotonic_ns()
        pace.see(now_ns, edges)
        try:
            core = core_of_work()
        except (ProcessLookupError, FileNotFoundError):
            return
        except (OSError, ValueError):
            publish(LOSS_PROC)
            return
        is_running = core is not None and core != STOPPED
        if is_running and core is not None:
            if core != here:
                try:
                    move_to(core)
                except (OSError, ValueError):
                    publish(LOSS_AFFINITY)
                    return
                here = core
            last_ns = probe_ns(last_ns)
            if last_ns > 0:
                probes += 1
                weight += pace.weight
                inverse_sum += pace.weight / last_ns
        cpu_ns = time.process_time_ns()
        publish(LOSS_NONE)
        is_stopped = core == STOPPED
        sleep_ns(pace.pause_ns(now_ns, cpu_ns, is_idle=not is_running, is_stopped=is_stopped))


def _leave_home(launcher: int) -> None:
    """Leave the session, the terminal and the folder; wait until the launcher is gone."""
    os.setsid()  # type: ignore[attr-defined, unused-ignore]
    os.chdir("/")
    _wait_for_end_of(launcher)


def _wait_for_end_of(parent: int) -> None:
    for _ in range(_MOST_WAITS):
        if os.getppid() != parent:
            return
        time.sleep(_WAIT_S)


def _prepare(root: str, pid: int, tid: int, started: int) -> tuple[str, Target | None]:
    """Find out whether following works here: one of the words in ``follow``'s table."""
    if os.getppid() == pid:
        return "adopted", None
    try:
        target = Target(root, pid, tid)
        if start_ticks(root, pid) != started:
            return "proc", None
        target.cpu()
    except (OSError, ValueError):
        return "proc", None
    try:
        os.sched_setaffinity(0, os.sched_getaffinity(0))  # type: ignore[attr-defined, unused-ignore]
    except OSError:
        return "affinity", None
    return "ready", target


def _fastest(own_ns: float) -> float:
    """Go on as the faster of this process, which takes ``own_ns``, and a copy; the time of that.

    The same kernel takes one process in ten 5 to 11 % longer than the next for as long as it lives,
    whatever its addresses, so that all of a run's figures would be off by that. A copy has memory
    of its own as soon as it writes to it: of 200 starts the faster of both was more than 5 % above
    the median in 5 %, and that of two interpreters in 12 %.
    """
    heard, told = os.pipe()
    first = os.getpid()
    try:
        copy = os.fork()  # type: ignore[attr-defined, unused-ignore]
    except OSError:  # a limit on processes
        os.close(told)
        os.close(heard)
        return own_ns
    if copy == 0:
        ns = best_ns(_REST_S)
        if ns >= own_ns:
            os._exit(0)
        os.write(told, b"1")
        os.close(told)
        os.close(heard)
        _wait_for_end_of(first)
        return ns
    os.close(told)
    if os.read(heard, 1):
        os._exit(0)
    os.close(heard)
    os.waitpid(copy, 0)
    return own_ns


def main(arguments: Sequence[str]) -> None:
    """Take the shared page's descriptor, ``/proc``'s root, pid, thread id and start time.

    Writes "PID WORD" to standard output, its process number and how it fares, and, when it was
    asked on standard input, " PID NS", that of the helper and the kernel's time at its best. It
    leaves where nobody asks.
    """
    page, root, pid, tid, started = arguments
    launcher = os.getpid()
    if os.fork():  # type: ignore[attr-defined, unused-ignore]
        os._exit(0)
    gc.disable()
    _leave_home(launcher)
    word, target = _prepare(root, int(pid), int(tid), int(started))
    memory = mmap.mmap(int(page), BOARD_BYTES)
    os.close(int(page))
    os.write(1, f"{os.getpid()} {word}".encode())
    if not os.read(0, 2):
        os._exit(0)
    best = best_ns(_REST_S) if target is None else _fastest(best_ns(_REST_S))
    os.write(1, f" {os.getpid()} {best:.0f}".encode())
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)
    if target is not None:
        follow(Board(memory), target.cpu)
