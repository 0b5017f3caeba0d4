from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.meters.counter import Counter


def counter(shown_uj: int = 1_000, range_uj: int | None = None) -> Counter:
    return Counter("package-0", shown_uj, range_uj=range_uj, max_w=100.0, interval_s=0.001)


def test_steps_are_added_up() -> None:
    one = counter()
    assert one.advance(1_500, 1.0) == 500
    assert one.advance(1_700, 1.0) == 700


def test_a_wrap_is_undone() -> None:
    assert counter(990_000, range_uj=1_000_000).advance(5_000, 1.0) == 15_000


def test_a_counter_that_goes_back_and_never_wraps_is_an_error() -> None:
    with pytest.raises(OSError, match="it went back"):
        counter(1_000).advance(999, 1.0)


def test_a_reset_is_no_wrap_that_would_take_more_than_the_hardware_draws() -> None:
    with pytest.raises(OSError, match="the counter was reset"):
        counter(60_000_000_000, range_uj=262_000_000_000).advance(0, 1.0)


def test_a_jump_beyond_what_the_hardware_draws_is_an_error() -> None:
    with pytest.raises(OSError, match=r"jumped by 5,000,000 J in 0\.2 s"):
        counter().advance(5_000_000_000_000, 0.2)


def test_what_was_refused_is_not_in_the_total() -> None:
    one = counter()
    with pytest.raises(OSError, match="jumped"):
        one.advance(10**12, 0.2)
    assert one.total_uj == 0


@given(st.lists(st.integers(0, 99_000), max_size=40), st.integers(0, 999_999))
def test_any_steps_below_the_limit_are_believed_across_wraps(steps: list[int], start: int) -> None:
    shown, one = start, counter(start, range_uj=1_000_000)
    for number, step in enumerate(steps, 1):
        shown = (shown + step) % 1_000_000
        assert one.advance(shown, 0.001) == sum(steps[:number])
