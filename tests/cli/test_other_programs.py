"""What other programs did while a refresh measured."""

from __future__ import annotations

import os

import pytest

from pytest_carbon.cli.other_programs import OtherPrograms, Spent, spent_now


def seen(*, others_s: float | None, own_s: float = 30.0, wall_s: float = 60.0) -> OtherPrograms:
    """A minute in which others spent this."""
    host_s = None if others_s is None else 1000.0 + own_s + others_s
    moments = iter((Spent(5.0, 2.0, 1000.0), Spent(5.0 + wall_s, 2.0 + own_s, host_s)))
    return OtherPrograms(lambda: next(moments))


def test_what_others_spend_is_told_in_cores() -> None:
    assert seen(others_s=45.0).cores == pytest.approx(0.75)
    assert seen(others_s=45.0).words.startswith("other programs kept 0.8 cores busy meanwhile: ")


@pytest.mark.parametrize("others_s", [0.0, 6.0, None])
def test_little_is_not_worth_a_word_and_what_is_not_known_neither(others_s: float | None) -> None:
    assert not seen(others_s=others_s).words


def test_what_ticks_make_less_than_nothing_is_nothing() -> None:
    assert seen(others_s=-1.0).cores == 0.0


def test_no_time_has_no_average() -> None:
    assert seen(others_s=1.0, wall_s=0.0).cores is None


@pytest.mark.skipif(os.name != "posix", reason="children are not counted elsewhere")
def test_what_this_process_spends_is_its_own() -> None:
    before = spent_now()
    sum(range(3_000_000))
    after = spent_now()
    assert after.own_s > before.own_s
    assert after.wall_s > before.wall_s
    if before.host_s is not None and after.host_s is not None:
        assert after.host_s >= before.host_s
