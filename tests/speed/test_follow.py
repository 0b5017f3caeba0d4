"""The probe with a helper, on boards that the tests write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.speed.board import LOSS_AFFINITY, LOSS_NONE, LOSS_PROC, Board
from pytest_carbon.speed.correction import mean_probe_ns
from pytest_carbon.speed.follow import FollowProbe
from tests.speed.conftest import Clock

if TYPE_CHECKING:
    from pytest_carbon.speed.board import HelperRow

S = 1_000_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock(100 * S)


@pytest.fixture
def probe(board: Board, clock: Clock) -> FollowProbe:
    """A probe whose helper is the test."""
    return FollowProbe(board, 0, clock_ns=clock, time_kernel=lambda _: 80_000)


def row(
    probes: int, *, probe_ns: float = 50e3, at_ns: int = 100 * S, loss: int = LOSS_NONE
) -> HelperRow:
    return (float(probes), probes / probe_ns, probe_ns, probes, at_ns, 5_000_000, loss)


def test_the_helpers_probes_count_once_they_arrive(board: Board, probe: FollowProbe) -> None:
    start = probe.edge()
    board.write_row(row(9))
    end = probe.edge()
    # Nine at 50 µs by the helper, one at 80 µs here before the start.
    assert mean_probe_ns(start, end) == pytest.approx(10 / (9 / 50e3 + 1 / 80e3))
    assert (end.probes - start.probes, probe.loss) == (9, None)
    assert probe.helper_cpu_s == pytest.approx(0.005)


def test_edges_speak_until_the_helper_has_begun(probe: FollowProbe) -> None:
    assert mean_probe_ns(probe.edge(), probe.edge()) == pytest.approx(80e3)
    assert probe.loss is None


def test_edges_are_not_probed_where_a_tracer_slows_them(board: Board, probe: FollowProbe) -> None:
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    try:
        start = probe.edge()
        board.write_row(row(9))
        end = probe.edge()
    finally:
        sys.setprofile(before)
    assert mean_probe_ns(start, end) == pytest.approx(50e3)


def test_a_helper_that_never_begins_is_lost(probe: FollowProbe, clock: Clock) -> None:
    clock.ahead_ns = 3 * S
    probe.edge()
    assert probe.loss is not None
    assert "does not answer" in probe.loss


def test_a_helper_that_falls_silent_is_lost_and_edges_go_on(
    board: Board, probe: FollowProbe, clock: Clock
) -> None:
    board.write_row(row(9))
    probe.edge()
    clock.ahead_ns = 3 * S
    start = probe.edge()
    clock.ahead_ns = 4 * S
    end = probe.edge()
    assert probe.loss is not None
    assert mean_probe_ns(start, end) == pytest.approx(80e3)


def test_a_helper_that_was_only_held_up_counts_again(
    board: Board, probe: FollowProbe, clock: Clock
) -> None:
    board.write_row(row(9))
    probe.edge()
    clock.ahead_ns = 3 * S
    start = probe.edge()
    board.write_row(row(20, at_ns=103 * S))
    assert probe.edge().probes - start.probes == 11


@pytest.mark.parametrize(
    ("loss", "words"),
    [(LOSS_AFFINITY, "move to the test's core"), (LOSS_PROC, "/proc"), (99, "overwritten")],
)
def test_what_the_helper_could_not_do_is_said(
    board: Board, probe: FollowProbe, loss: int, words: str
) -> None:
    board.write_row(row(3, loss=loss))
    assert mean_probe_ns(probe.edge(), probe.edge()) == pytest.approx(80e3)
    assert probe.loss is not None
    assert words in probe.loss


@pytest.mark.parametrize(
    "nonsense",
    [
        (-4.0, 1e-4, 5e4, 9, 100 * S, 0, LOSS_NONE),
        (9.0, -1e-4, 5e4, 9, 100 * S, 0, LOSS_NONE),
        (9.0, 1e9, 5e4, 9, 100 * S, 0, LOSS_NONE),
        (9.0, float("nan"), 5e4, 9, 100 * S, 0, LOSS_NONE),
        (float("nan"), 1e-4, 5e4, 9, 100 * S, 0, LOSS_NONE),
        (1e12, 1e7, 5e4, 9, 100 * S, 0, LOSS_NONE),
        (4.0, 1e-4, 5e4, 2, 100 * S, 0, LOSS_NONE),
        (9.0, 1e-4, 5e4, 9, 10**18, 0, LOSS_NONE),
        (5.0, 2e-4, 5e4, 5, 100 * S + 1, 0, LOSS_NONE),
    ],
)
def test_overwritten_memory_is_not_believed(
    board: Board, probe: FollowProbe, nonsense: HelperRow
) -> None:
    board.write_row(row(5))
    start = probe.edge()
    board.write_row(nonsense)
    end = probe.edge()
    assert mean_probe_ns(start, end) == pytest.approx(80e3)
    assert probe.loss is not None
    assert "overwritten" in probe.loss


def test_a_page_full_of_rubbish_is_not_believed(board: Board, clock: Clock) -> None:
    probe = FollowProbe(board, 0, clock_ns=clock, time_kernel=lambda _: 80_000)
    board._memory[:] = b"\xa5" * len(board._memory)
    assert mean_probe_ns(probe.edge(), probe.edge()) == pytest.approx(80e3)
    assert probe.loss is not None
