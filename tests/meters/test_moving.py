from __future__ import annotations

from pytest_carbon.meters.moving import which_move


def test_a_counter_is_believed_once_it_was_seen_to_move() -> None:
    looks = iter([(5, 7), (5, 7), (6, 7), (6, 9)])
    assert which_move(lambda: next(looks), work=lambda: None, clock_s=lambda: 0.0) == (True, True)


def test_a_counter_that_stands_still_is_told_from_those_that_move() -> None:
    now_s = 0.0

    def work() -> None:
        nonlocal now_s
        now_s += 0.03

    counts = iter(range(100))
    moves = which_move(lambda: (next(counts), 7), patience_s=0.1, work=work, clock_s=lambda: now_s)
    assert moves == (True, False)
    assert now_s < 0.2, "it does not wait for ever"
