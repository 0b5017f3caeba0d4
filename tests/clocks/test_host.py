from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.clocks.host import HostBusy, OthersBusy

if TYPE_CHECKING:
    from pathlib import Path

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc/stat is Linux's")


@linux_only
def test_busy_is_all_but_idle_waiting_stolen_and_guests(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 20 30 9999 888 4 5 777 66 55\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    host = HostBusy(stat)
    assert host.read_ns() == (100 + 20 + 30 + 4 + 5) * 10_000_000
    host.close()
    host.close()


@linux_only
def test_the_file_is_read_anew_each_time(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 0 0 0 0 0 0 0 0 0\n")
    host = HostBusy(stat)
    host.read_ns()
    stat.write_text("cpu  3 0 0 0 0 0 0 0 0 0\n")
    assert host.read_ns() == 30_000_000
    host.close()


@linux_only
def test_no_file_is_unknown_and_not_zero(tmp_path: Path) -> None:
    assert HostBusy(tmp_path / "stat").read_ns() is None


@linux_only
@given(st.binary(max_size=60).filter(lambda text: len(text.split()) < 8))
def test_a_line_that_is_not_understood_is_unknown(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    stat = tmp_path_factory.mktemp("proc") / "stat"
    stat.write_bytes(text)
    host = HostBusy(stat)
    assert host.read_ns() is None
    host.close()


def test_the_host_is_at_least_as_busy_as_we_are() -> None:
    host = HostBusy()
    assert (host.read_ns() or 0) > 0
    host.close()


MS = 1_000_000


def ticks(busy_ns: float) -> int:
    """What a clock shows that counts in ticks of 10 ms."""
    return int(busy_ns // (10 * MS)) * 10 * MS


def test_a_window_of_two_ticks_sees_what_others_spend_on_average() -> None:
    """One core is ours in every second window, and another one a neighbour's throughout."""
    others = OthersBusy()
    told = [others.host_ns(ticks(0), 0, 0)]
    own_ns = 0
    for window in range(1, 200):
        wall_ns = 20 * MS * window
        own_ns += 20 * MS * (window % 2)
        told.append(others.host_ns(ticks(wall_ns + own_ns), own_ns, wall_ns))
    beside_ns = [
        told[w] - told[w - 1] - 20 * MS * (w % 2) for w in range(50, 200)
    ]  # past the first fifths of a second
    assert all(15 * MS < spent < 25 * MS for spent in beside_ns)
    assert sum(beside_ns) == pytest.approx(150 * 20 * MS, rel=0.01), "nothing is lost"


def test_a_host_that_seems_less_busy_than_the_tree_is_busy_with_it_alone() -> None:
    others = OthersBusy()
    others.host_ns(0, 0, 0)
    assert others.host_ns(ticks(9 * MS), 9 * MS, 9 * MS) == 9 * MS
