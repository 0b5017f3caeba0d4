from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.clocks.perf import PerfClock, open_perf
from pytest_carbon.clocks.refusal import Refusal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="perf events are Linux's")


def refuse(code: int) -> Refusal:
    def open_event(thread_id: int) -> int:
        del thread_id
        raise OSError(code, os.strerror(code))

    refused = open_perf(open_event=open_event)
    assert isinstance(refused, Refusal)
    return refused


def test_a_kernel_that_forbids_it_is_told_with_the_command_that_permits_it() -> None:
    refused = refuse(errno.EACCES)
    assert refused.reason == "perf_event_open: Permission denied"
    assert refused.remedy == "sudo sysctl kernel.perf_event_paranoid=2"


def test_a_container_that_forbids_it_is_told_what_to_allow() -> None:
    assert "--cap-add PERFMON" in refuse(errno.EPERM).remedy


def test_a_kernel_without_perf_events_has_no_remedy() -> None:
    assert refuse(errno.ENOSYS).remedy == ""


def count_file(path: Path, count: int) -> int:
    path.write_bytes(count.to_bytes(8, sys.byteorder))
    return os.open(path, os.O_RDONLY)


def test_the_events_of_all_threads_are_summed(tmp_path: Path) -> None:
    clock = PerfClock(
        open_event=lambda thread: count_file(tmp_path / str(thread), 100 * thread),
        threads=lambda: [1, 2],
    )
    assert clock.read_ns() == 300
    clock.close()


def test_a_thread_that_ends_while_events_are_opened_is_left_out(tmp_path: Path) -> None:
    def open_event(thread_id: int) -> int:
        if thread_id == 1:
            raise ProcessLookupError
        return count_file(tmp_path / "event", 7)

    clock = PerfClock(open_event=open_event, threads=lambda: [1, 2])
    assert clock.read_ns() == 7
    clock.close()


def test_events_opened_before_a_refusal_are_closed(tmp_path: Path) -> None:
    opened: list[int] = []

    def open_event(thread_id: int) -> int:
        if thread_id == 2:
            raise OSError(errno.EMFILE, "Too many open files")
        opened.append(count_file(tmp_path / "event", 7))
        return opened[-1]

    with pytest.raises(OSError, match="Too many open files"):
        PerfClock(open_event=open_event, threads=lambda: [1, 2])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])


def test_a_task_clock_that_stands_still_is_refused(tmp_path: Path) -> None:
    refused = open_perf(open_event=lambda thread: count_file(tmp_path / str(thread), 0))
    assert isinstance(refused, Refusal)
    assert "stands still" in refused.reason


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    clock = PerfClock(open_event=lambda _: count_file(tmp_path / "event", 1), threads=lambda: [1])
    clock.close()
    clock.close()
    assert clock.read_ns() == 0
