"""Costs that add up, whoever calls whom, and readings that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.ledger import Account, Ledger
from pytest_carbon.measurement import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def reading(second: int, counters: tuple[int, ...] = ()) -> Reading:
    """Half of each second is CPU time; so many runs of the kernel fit into one."""
    return Reading(second * 10**9, second * 5 * 10**8, second * 100.0, second * 10**9, counters)


def meter(values: Iterable[Reading | Exception]) -> Callable[[], Reading]:
    """Reads one value after the other; an exception is raised."""
    queue = iter(values)

    def read() -> Reading:
        value = next(queue)
        if isinstance(value, Exception):
            raise value
        return value

    return read


LOST = OSError("the meter is gone")


def test_whoever_is_on_top_pays() -> None:
    root, test, fixture = Account(), Account(), Account()
    ledger = Ledger(meter(map(reading, range(9))), root)
    ledger.push(test)
    ledger.push(fixture)
    ledger.pop()
    ledger.pop()
    ledger.settle()
    assert [account.wall_ns for account in (root, test, fixture)] == [2 * 10**9, 2 * 10**9, 10**9]
    assert root.cpu_ns + test.cpu_ns + fixture.cpu_ns == 25 * 10**8, "it is the whole run"


def test_what_an_exception_left_open_is_closed() -> None:
    ledger = Ledger(meter(map(reading, range(9))), Account())
    depth = ledger.depth
    ledger.push(Account())
    ledger.push(Account())
    ledger.unwind(depth)
    assert ledger.depth == depth


def test_counters_and_the_hosts_time_are_differences() -> None:
    account = Account()
    ledger = Ledger(
        meter([reading(1, (5, 100)), reading(2, (7, 140)), reading(4, (8, 150))]), account
    )
    ledger.settle()
    ledger.settle()
    assert account.counters == (3, 50)
    assert account.host_ns == 3 * 10**9


def test_a_failing_read_marks_who_paid_before_and_who_paid_after_it() -> None:
    faults: list[Exception] = []
    values: list[Reading | Exception] = [reading(0), reading(1), LOST, reading(3), reading(4)]
    root, one, two, three = (Account() for _ in range(4))
    ledger = Ledger(meter(values), root, faults.append)
    ledger.push(one)
    ledger.pop()  # Fails: nobody knows what ``one`` has spent, nor what is spent from here on.
    ledger.push(two)
    ledger.push(three)
    assert faults == [LOST]
    assert (root.is_lost, one.is_lost, two.is_lost, three.is_lost) == (True, True, False, False)
    assert two.wall_ns == 10**9
    assert ledger.depth == 3, "the stack is right all the same"


def test_a_failing_read_that_nobody_asked_to_be_told_of_is_raised() -> None:
    ledger = Ledger(meter([reading(0), LOST]), Account())
    with pytest.raises(OSError, match="the meter is gone"):
        ledger.push(Account())


def test_what_is_added_to_a_lost_account_or_from_one_is_lost() -> None:
    lost, known = Account(), Account()
    lost.is_lost = True
    known.add(lost)
    assert known.is_lost
    known.add(Account())
    assert known.is_lost


def test_the_ledger_says_while_it_reads() -> None:
    busy: list[bool] = []

    def read() -> Reading:
        busy.append(ledger.is_busy if "ledger" in known else False)
        return reading(len(busy))

    known: set[str] = set()
    ledger = Ledger(read, Account())
    known.add("ledger")
    ledger.settle()
    assert busy == [False, True]
    assert not ledger.is_busy


def test_a_failing_read_leaves_the_ledger_ready_for_the_next() -> None:
    ledger = Ledger(meter([reading(0), LOST, reading(2)]), Account(), lambda _: None)
    ledger.settle()
    assert not ledger.is_busy
    ledger.settle()


def test_a_part_of_an_account_takes_its_share_of_everything() -> None:
    whole = Account()
    whole.charge(reading(4, (40,)), reading(0, (0,)))
    part = whole.take(whole.cpu_ns // 4, whole.cpu_ns)
    assert (part.wall_ns, part.kernels, part.counters) == (10**9, 100.0, (10,))
    assert (whole.wall_ns, whole.kernels, whole.counters) == (3 * 10**9, 300.0, (30,))
