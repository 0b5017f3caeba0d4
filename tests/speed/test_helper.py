"""The helper's loop, with its world injected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.speed.board import LOSS_AFFINITY, LOSS_NONE, LOSS_PROC, Board
from pytest_carbon.speed.helper import follow
from pytest_carbon.speed.target import STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterable


class World:
    """A test that is seen on these cores and then ends; what the helper does is noted."""

    def __init__(self, sightings: Iterable[int | Exception | None]) -> None:
        self.sightings = iter(sightings)
        self.moves: list[int] = []
        self.pauses_ns: list[int] = []

    def core(self) -> int | None:
        sighting = next(self.sightings, ProcessLookupError())
        if isinstance(sighting, Exception):
            raise sighting
        return sighting

    def run(self, board: Board, probe_ns: int = 50_000) -> None:
        follow(
            board,
            self.core,
            move_to=self.moves.append,
            probe_ns=lambda _: probe_ns,
            sleep_ns=self.pauses_ns.append,
        )


def test_the_helper_moves_to_the_test_and_only_when_it_has_moved(board: Board) -> None:
    world = World([0, 0, 1, 1, 0])
    world.run(board)
    assert world.moves == [0, 1, 0]


def test_probes_are_summed_as_inverses(board: Board) -> None:
    World([0, 0, 0]).run(board)
    row = board.read_row()
    assert row is not None
    weight, inverse_sum, last_ns, probes, heartbeat_ns, cpu_ns, loss = row
    assert (probes, last_ns, loss) == (3, 50_000, LOSS_NONE)
    assert inverse_sum == pytest.approx(weight / 50_000)
    assert min(heartbeat_ns, cpu_ns) > 0


def test_a_sleeping_test_is_not_probed_but_the_helper_shows_itself(board: Board) -> None:
    world = World([None, None])
    world.run(board)
    row = board.read_row()
    assert row is not None
    assert row[3] == 0
    assert row[4] > 0
    assert world.moves == []


def test_a_stopped_run_makes_the_helper_slow(board: Board) -> None:
    world = World([STOPPED])
    world.run(board)
    assert world.pauses_ns == [250_000_000]


@pytest.mark.parametrize("probe_ns", [0, -3])
def test_a_probe_without_duration_is_not_counted(board: Board, probe_ns: int) -> None:
    World([0, 0]).run(board, probe_ns)
    row = board.read_row()
    assert row is not None
    assert row[:2] == (0.0, 0.0)


def test_the_helper_leaves_when_asked(board: Board) -> None:
    board.ask_to_stop()
    world = World([0, 0, 0])
    world.run(board)
    assert world.pauses_ns == []


@pytest.mark.parametrize("refusal", [PermissionError(1, "refused"), OSError(22, "no such core")])
def test_a_refused_affinity_is_said_and_ends_the_helper(board: Board, refusal: OSError) -> None:
    def refuse(core: int) -> None:
        raise OSError(refusal.errno, f"core {core} refused")

    follow(board, lambda: 0, move_to=refuse)
    row = board.read_row()
    assert row is not None
    assert row[6] == LOSS_AFFINITY


@pytest.mark.parametrize("failure", [PermissionError(13, "hidden"), ValueError("nonsense")])
def test_an_unreadable_state_is_said_and_ends_the_helper(board: Board, failure: Exception) -> None:
    World([0, failure]).run(board)
    row = board.read_row()
    assert row is not None
    assert row[6] == LOSS_PROC
