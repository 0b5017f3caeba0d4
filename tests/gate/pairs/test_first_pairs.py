"""The first pairs of every test: what they settle, and what they leave open."""

from __future__ import annotations

import random
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.pairs.first_pairs import LEAST_PAIR_SD, clears, pair_spreads
from pytest_carbon.gate.pairs.suspects import Pair, PairedPolicy
from pytest_carbon.gate.verdict import Outcome

POLICY = PairedPolicy()


def pairs(*ratios: float, base_j: float = 0.08, processes: int = 1) -> list[Pair]:
    return [Pair(base_j, base_j * ratio, processes) for ratio in ratios]


def test_one_pair_without_a_change_is_enough_on_a_quiet_machine() -> None:
    verdict = clears(pairs(1.01), POLICY, pair_sd=0.02)
    assert verdict is not None
    assert verdict.outcome is Outcome.OK
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.low < 1.01 < verdict.high


def test_what_one_pair_says_in_figures() -> None:
    """One pair scatters by what the suite's do."""
    verdict = clears(pairs(1.01), POLICY, pair_sd=0.02)
    assert verdict is not None
    assert verdict.now_j == pytest.approx(0.08 * 1.01)
    assert verdict.baseline_j == pytest.approx(0.08)
    assert verdict.tolerance == 0.05
    assert verdict.limit_j == pytest.approx(0.08 * 1.05)
    assert verdict.low == pytest.approx(1.01 * exp(-2 * 0.02))
    assert verdict.high == pytest.approx(1.01 * exp(2 * 0.02))
    assert verdict.can_see == pytest.approx(0.10)
    assert verdict.looks == 1
    assert verdict.reason == "a change of twice the tolerance is ruled out"


def test_what_pairs_of_two_processes_say_in_figures() -> None:
    """Half of the variance is the processes', of which there are two; the rest the pairs' own."""
    four = pairs(1.01, 1.01) + pairs(1.03, 1.03, processes=2)
    verdict = clears(four, POLICY, pair_sd=0.02)
    assert verdict is not None
    change = sqrt(1.01 * 1.03)
    # Drawn from 0, which the pairs show, towards the suite's, which weighs as six of them.
    own_sd = sqrt(6 * 0.02**2 / (3 + 6))
    error = sqrt(0.02**2 / 2 / 2 + own_sd**2 / 2 / 4)
    assert verdict.ratio == pytest.approx(change)
    assert verdict.low == pytest.approx(change * exp(-2 * error))
    assert verdict.high == pytest.approx(change * exp(2 * error))
    assert verdict.looks == 4


def test_pairs_of_one_process_that_scatter_are_less_sure() -> None:
    """Whatever they cost: the base of the second took twice as much."""
    two = [Pair(0.08, 0.08, 1), Pair(0.16, 0.16 * 1.04, 1)]
    verdict = clears(two, POLICY, pair_sd=0.02)
    assert verdict is not None
    change_log = log(1.04) / 2
    own_sd = sqrt((2 * change_log**2 + 6 * 0.02**2) / (1 + 6))
    error = sqrt(0.02**2 / 2 + own_sd**2 / 2 / 2)
    assert verdict.low == pytest.approx(exp(change_log - 2 * error))


def test_a_change_is_ruled_out_where_2_3_errors_beyond_it_are_below_two_tolerances() -> None:
    least = 1.1 * exp(-2.3 * 0.02)
    assert clears(pairs(least * 0.9999), POLICY, pair_sd=0.02) is not None
    assert clears(pairs(least * 1.0001), POLICY, pair_sd=0.02) is None
    assert clears(pairs(1 / least * 1.0001), POLICY, pair_sd=0.02) is not None
    assert clears(pairs(1 / least * 0.9999), POLICY, pair_sd=0.02) is None


def test_a_test_that_is_too_small_in_figures() -> None:
    verdict = clears(pairs(1.5, 1.5, base_j=0.0005), POLICY, pair_sd=0.02)
    assert verdict is not None
    assert verdict.now_j == pytest.approx(0.00075)
    assert verdict.baseline_j == pytest.approx(0.0005)
    assert verdict.limit_j == pytest.approx(0.0015)
    assert (verdict.tolerance, verdict.looks) == (0.05, 2)
    assert verdict.reason == "the rise is too small for the meter to resolve"


def test_pairs_that_cost_nothing_are_left_out() -> None:
    verdict = clears([*pairs(1.0), Pair(0.08, 0.0, 1), Pair(0.0, 0.08, 1)], POLICY, pair_sd=0.02)
    assert verdict is not None
    assert (verdict.outcome, verdict.looks) == (Outcome.OK, 1)
    # What cost nothing before and much now is not small.
    assert clears([Pair(0.0, 0.08, 1)], POLICY, pair_sd=0.02) is None
    nothing = clears([Pair(0.0, 0.0005, 1), Pair(0.0, 0.0002, 1)], POLICY, pair_sd=0.02)
    assert nothing is not None
    assert (nothing.now_j, nothing.baseline_j, nothing.looks) == (0.0005, None, 2)


def test_the_spread_of_few_tests_is_drawn_towards_a_typical_one() -> None:
    """Of five tests that lie 4 % off, up or down; a typical one weighs as six tests."""
    first = {
        f"{at}": Pair(0.1, 0.1 * exp(0.04 * sign), 1) for at, sign in enumerate((-1, 1, -1, 1, 1))
    }
    sd = sqrt((5 * (1.4826 * 0.04) ** 2 + 6 * 0.05**2) / 11)
    assert pair_spreads(first) == {name: pytest.approx(sd) for name in first}
    assert pair_spreads({"nothing": Pair(0.0, 0.1, 1), "now": Pair(0.1, 0.0, 1)}) == {}


def test_on_a_noisy_one_it_is_not() -> None:
    assert clears(pairs(1.01), POLICY, pair_sd=0.1) is None


def test_a_rise_of_two_tolerances_is_left_open_by_agreeing_pairs_too() -> None:
    assert clears(pairs(1.10, 1.11, 1.09), POLICY, pair_sd=0.02) is None


def test_a_great_fall_is_left_open_so_that_it_can_be_told() -> None:
    assert clears(pairs(0.7, 0.7), POLICY, pair_sd=0.02) is None


def test_pairs_of_other_processes_count_for_more_than_further_ones_of_the_same() -> None:
    same = pairs(1.04, 1.04, 1.04, 1.04)
    other = pairs(1.04, 1.04) + pairs(1.04, 1.04, processes=2)
    assert clears(same, POLICY, pair_sd=0.04) is None
    assert clears(other, POLICY, pair_sd=0.04) is not None


def test_a_test_below_the_floor_is_too_small_unless_it_rises_above_it() -> None:
    small = clears(pairs(1.5, base_j=0.0005), POLICY, pair_sd=0.02)
    assert small is not None
    assert small.outcome is Outcome.TOO_SMALL
    assert clears(pairs(20.0, base_j=0.0005), POLICY, pair_sd=0.02) is None


def test_a_test_that_cost_nothing_is_too_small() -> None:
    verdict = clears([Pair(0.0, 0.0, 1)], POLICY, pair_sd=0.02)
    assert verdict is not None
    assert verdict.outcome is Outcome.TOO_SMALL


def test_the_spread_is_read_off_tests_of_the_same_cost() -> None:
    rng = random.Random(1)
    first = {
        f"{size}-{number}": Pair(size, size * exp(rng.gauss(0, sd)), 1)
        for size, sd in ((0.01, 0.10), (1.0, 0.02))
        for number in range(100)
    }
    spreads = pair_spreads(first)
    short = [spreads[f"0.01-{number}"] for number in range(80)]
    long = [spreads[f"1.0-{number}"] for number in range(20, 100)]
    assert 0.07 < sum(short) / len(short) < 0.12
    assert 0.015 < sum(long) / len(long) < 0.04


def test_whose_neighbours_are_those_of_the_same_cost_whatever_the_order() -> None:
    """Of 60 tests in turn short and long, each has the 20 of its own kind around it."""
    first = {
        f"{at}": Pair(0.01 + at / 1e6, (0.01 + at / 1e6) * exp(0.1), 1)
        if at % 2
        else Pair(1.0 + at, (1.0 + at) * exp(0.02), 1)
        for at in range(60)
    }
    spreads = pair_spreads(first)
    # The last of the short tests have the first of the long ones among theirs.
    for name, sd in (("1", 0.1), ("41", 0.1), ("20", 0.02), ("58", 0.02)):
        expected = sqrt((20 * (1.4826 * sd) ** 2 + 6 * 0.05**2) / 26)
        assert spreads[name] == pytest.approx(expected), name


def test_neighbours_lie_on_both_sides() -> None:
    """The 20th of 40 has ten below it that scatter by more, and nine above it that do not."""
    first = {
        f"{at}": Pair(1.0 + at, (1.0 + at) * exp(0.1 if at < 20 else 0.02), 1) for at in range(40)
    }
    spreads = pair_spreads(first)
    wide, narrow = (sqrt((20 * (1.4826 * sd) ** 2 + 6 * 0.05**2) / 26) for sd in (0.1, 0.02))
    assert spreads["0"] == pytest.approx(wide)
    # With ten of each kind the upper one of both middles counts.
    assert spreads["20"] == pytest.approx(wide)
    assert spreads["21"] == pytest.approx(narrow)
    assert spreads["39"] == pytest.approx(narrow)


def test_some_changed_tests_do_not_hide_in_the_spread_that_they_cause() -> None:
    first = {f"{number}": Pair(0.1, 0.1, 1) for number in range(30)}
    changed = {f"changed {number}": Pair(0.1, 0.12, 1) for number in range(5)}
    spreads = pair_spreads({**first, **changed})
    assert all(clears([pair], POLICY, spreads[name]) is None for name, pair in changed.items())


@given(st.lists(st.floats(0.2, 5.0), min_size=1, max_size=40))
def test_no_spread_is_less_than_what_two_processes_always_differ_by(ratios: list[float]) -> None:
    first = {f"{at}": Pair(0.1, 0.1 * ratio, 1) for at, ratio in enumerate(ratios)}
    assert all(sd >= LEAST_PAIR_SD for sd in pair_spreads(first).values())


@given(st.floats(1.0, 3.0), st.floats(1.0, 1.5), st.floats(0.01, 0.3))
def test_a_greater_rise_is_never_easier_to_clear(rise: float, more: float, sd: float) -> None:
    if clears(pairs(rise * more), POLICY, sd) is not None:
        assert clears(pairs(rise), POLICY, sd) is not None
