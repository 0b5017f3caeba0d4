"""Programs whose CPU time no perf event sees, by told figures and by real programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import count
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("perf events are Linux's", allow_module_level=True)

import os  # type: ignore[unreachable, unused-ignore]

from pytest_carbon.clocks.perf import open_perf
from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.clocks.unseen import UnseenChildren
from tests.nobody import open_to_all

if TYPE_CHECKING:
    from pathlib import Path

MS = 1_000_000


class Machine:
    """What the kernel says of this process: its own CPU time, that of ended children."""

    def __init__(self) -> None:
        self.own_ns = self.reaped_ns = self.counted_ns = self.living_ns = 0
        self.looks = 0
        self.children = 0
        self.unseen = UnseenChildren(
            own_ns=lambda: self.own_ns,
            reaped_ns=lambda: self.reaped_ns,
            has_children=lambda: self.children > 0,
            living_ns=self.look,
            now_ns=count(step=MS).__next__,
            looking_ns=lambda: self.looks * MS,
        )

    def look(self) -> int:
        self.looks += 1
        return self.living_ns

    def work(self, ms: int) -> None:
        self.own_ns += ms * MS
        self.counted_ns += ms * MS

    def child(self, ms: int, *, seen: bool) -> None:
        """One that lives, works, and is waited for."""
        self.reaped_ns += ms * MS
        if seen:
            self.counted_ns += ms * MS

    @property
    def total_ms(self) -> float:
        return self.unseen.add_to(self.counted_ns, self.unseen.used()) / MS


def test_what_is_counted_is_not_added_again() -> None:
    machine = Machine()
    machine.work(100)
    machine.child(200, seen=True)
    assert machine.total_ms == 300
    machine.child(50, seen=True)
    assert machine.total_ms == 350


def test_a_child_that_was_not_counted_is_added_once() -> None:
    machine = Machine()
    machine.work(100)
    machine.child(200, seen=False)
    assert machine.total_ms == 300
    machine.work(100)
    assert machine.total_ms == 400
    machine.child(10, seen=False)
    assert machine.total_ms == 410


def test_children_that_live_on_hide_nothing() -> None:
    machine = Machine()
    machine.children = 1
    machine.counted_ns = machine.living_ns = 60 * MS
    machine.child(100, seen=False)
    assert machine.total_ms == 160
    machine.living_ns = 0
    machine.child(60, seen=False)
    machine.children = 0
    assert machine.total_ms == 160


def test_a_child_that_is_not_waited_for_is_added_while_it_lives() -> None:
    machine = Machine()
    machine.children = 1
    machine.living_ns = 80 * MS
    assert machine.total_ms == 80
    machine.reaped_ns, machine.living_ns, machine.children = 80 * MS, 0, 0
    assert machine.total_ms == 80
    machine.work(100)
    assert machine.total_ms == 180


def test_one_that_nobody_waits_for_is_not_taken_back() -> None:
    machine = Machine()
    machine.children = 1
    machine.living_ns = 80 * MS
    assert machine.total_ms == 80
    machine.living_ns = machine.children = 0
    assert machine.total_ms == 80
    machine.child(50, seen=False)
    assert machine.total_ms == 130


def test_what_a_child_works_between_its_look_and_the_count_is_not_unseen() -> None:
    machine = Machine()
    machine.children = 1
    used = machine.unseen.used()
    machine.living_ns = machine.counted_ns = 500 * MS
    assert machine.unseen.add_to(machine.counted_ns, used) == 500 * MS


@pytest.mark.parametrize(("missed_ms", "looks"), [(0, 10), (50, 100)])
def test_children_that_only_live_are_looked_at_for_a_small_part_of_the_time(
    missed_ms: int, looks: int
) -> None:
    machine = Machine()
    machine.child(missed_ms, seen=False)
    assert machine.total_ms == missed_ms
    machine.children = 1
    for _ in range(1_000):
        assert machine.total_ms == missed_ms
    # A look takes a millisecond here, as long as it is from one reading to the next.
    assert machine.looks == pytest.approx(looks, abs=1)


def test_time_stolen_from_the_machine_hides_little() -> None:
    machine = Machine()
    for _ in range(100):
        machine.work(100)
        machine.counted_ns += 7 * MS
        assert machine.total_ms == machine.counted_ns / MS
    machine.child(100, seen=False)
    assert machine.total_ms == machine.counted_ns / MS + 100


def test_children_older_than_the_clock_are_not_taken_for_unseen() -> None:
    machine = Machine()
    machine.children = 1
    machine.unseen.restart(0)
    machine.reaped_ns += 500 * MS  # before the clock was opened
    machine.children = 0
    assert machine.total_ms == 0
    machine.child(100, seen=False)
    assert machine.total_ms == 100


def test_rounding_is_no_unseen_child() -> None:
    machine = Machine()
    machine.child(1_000, seen=True)
    machine.counted_ns -= 15 * MS
    assert machine.total_ms == 985


PROGRAM = """
import ctypes, os, subprocess, sys
from pytest_carbon.clocks.perf import open_perf
import pytest_carbon.clocks.unseen
user = int(sys.argv[1])
os.setgroups([]); os.setgid(user); os.setuid(user)
clock = open_perf()
before = clock.read_ns()
subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, check=True)
print((clock.read_ns() - before) / 1e9, os.times().children_user)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can install such programs")
@pytest.mark.parametrize("mode", [0o711, 0o755, 0o4711, 0o2711, 0o4755])
def test_programs_that_may_be_run_but_not_read_cost_what_others_cost(
    tmp_path: Path, mode: int
) -> None:
    if isinstance(open_perf(), Refusal):
        pytest.skip("perf events are not permitted")
    gzip = shutil.which("gzip")
    assert gzip is not None
    open_to_all(tmp_path)
    program, data = tmp_path / "gzip", tmp_path / "data"
    shutil.copy(gzip, program)
    program.chmod(mode)
    data.write_bytes(os.urandom(1 << 20) * 3)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "54321", str(program), "-9", "-c", str(data)],
        capture_output=True,
        text=True,
        check=True,
    )
    seen_s, truly_s = map(float, done.stdout.split())
    assert truly_s > 0.02
    assert seen_s == pytest.approx(truly_s, rel=0.5)


def test_the_kernel_is_not_asked_at_every_reading_of_a_short_test() -> None:
    asked = 0

    def reaped_ns() -> int:
        nonlocal asked
        asked += 1
        return 0

    unseen = UnseenChildren(
        own_ns=lambda: 0,
        reaped_ns=reaped_ns,
        has_children=lambda: False,
        now_ns=count(step=10_000).__next__,
    )
    for _ in range(500):
        unseen.add_to(0, unseen.used())
    assert asked == 1 + 5
