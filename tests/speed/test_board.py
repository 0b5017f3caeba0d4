"""The shared page: what one side writes, the other reads, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.speed.board import BOARD_BYTES, LOSS_NONE, Board

if TYPE_CHECKING:
    from mmap import mmap

ROW = (1.5, 2e-5, 50e3, 1, 7, 8, LOSS_NONE)
COUNTS = st.integers(0, 2**64 - 1)
NUMBERS = st.floats(allow_nan=False)


def test_a_new_board_is_empty(board: Board) -> None:
    assert board.read_row() == (0.0, 0.0, 0.0, 0, 0, 0, LOSS_NONE)
    assert board.read_wishes() == (0, False)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS, COUNTS, COUNTS, COUNTS, COUNTS))
def test_a_row_comes_back_as_it_was_written(
    row: tuple[float, float, float, int, int, int, int],
) -> None:
    memory = bytearray(BOARD_BYTES)
    Board(memory).write_row(row)
    assert Board(memory).read_row() == row


def test_a_row_that_is_being_written_is_not_read(board: Board, page: mmap) -> None:
    board.write_row(ROW)
    page[0] = 99
    assert board.read_row() is None


def test_the_helper_sees_the_edges_that_the_test_counts(page: mmap) -> None:
    test, helper = Board(page), Board(page)
    test.count_edge()
    test.count_edge()
    assert helper.read_wishes() == (2, False)


def test_the_helper_sees_that_it_is_to_stop(page: mmap) -> None:
    test, helper = Board(page), Board(page)
    test.ask_to_stop()
    assert helper.read_wishes() == (0, True)


def test_the_two_sides_do_not_write_over_each_other(page: mmap) -> None:
    test, helper = Board(page), Board(page)
    helper.write_row(ROW)
    test.count_edge()
    test.ask_to_stop()
    assert test.read_row() == ROW
