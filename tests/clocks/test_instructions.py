"""Retired instructions beside energy; the kernel's task clock stands in for their counter here."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from pytest_carbon.clocks.choose import open_clock
from pytest_carbon.clocks.instructions import Instructions, open_instructions
from pytest_carbon.clocks.perf import PerfClock, open_perf, open_task_clock
from pytest_carbon.ledger import Account, Ledger
from pytest_carbon.sampler import Sampler

pytestmark = pytest.mark.skipif(
    not isinstance(open_perf(), PerfClock), reason="perf events are not permitted here"
)


def refuse(_thread_id: int) -> int:
    raise OSError(errno.ENOENT, "no hardware counter")


def empty(_thread_id: int) -> int:
    """A pinned event that has lost its counter reads as the end of a file."""
    return os.open(os.devnull, os.O_RDONLY)


def test_a_machine_without_counters_has_none() -> None:
    assert open_instructions(open_event=refuse) is None
    assert open_instructions(open_event=empty) is None


@pytest.mark.skipif(sys.platform != "linux", reason="perf events are a feature of Linux")
def test_a_counter_that_stands_still_is_not_believed() -> None:
    assert open_instructions(open_event=lambda _: os.open("/dev/zero", os.O_RDONLY)) is None


def measured(instructions: Instructions | None) -> int | None:
    clock, _ = open_clock(None)
    sampler = Sampler([], clock, memory_bytes=lambda: 0, instructions=instructions)
    account = Account()
    ledger = Ledger(sampler.read, Account())
    ledger.push(account)
    sum(range(100_000))
    ledger.pop()
    count = sampler.measure(account).instructions
    sampler.close()
    return count


def test_instructions_stand_beside_the_energy() -> None:
    counted = measured(open_instructions(open_event=open_task_clock))
    assert counted is not None
    assert counted > 100_000
    assert measured(None) is None


def test_a_lost_counter_is_unknown_and_not_zero() -> None:
    instructions = Instructions(open_event=empty)
    assert instructions.read() is None
    assert measured(instructions) is None
