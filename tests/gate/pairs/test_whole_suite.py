"""Sums of many tests: what is spread over a suite."""

from __future__ import annotations

import random
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.compare.whole_suite import SUITES_SHARE
from pytest_carbon.gate.pairs.suspects import quantile
from pytest_carbon.gate.pairs.whole_suite import MOST_PASSES, PASS_SD, Sum, SumOutcome, judge_sum

WEIGHTS = [0.01] * 500


def judged(passes: list[tuple[float, float]], weights: list[float] = WEIGHTS) -> Sum:
    # The part of a comparison's alarms that is the suite's own.
    return judge_sum(passes, weights, tolerance=0.05, alpha=0.01 * SUITES_SHARE)


def decided(dice: random.Random, rise: float) -> Sum:
    """A suite whose passes scatter as they were recorded to, judged until it is decided."""
    passes = []
    for _ in range(MOST_PASSES):
        passes.append((5.0, 5.0 * (1 + rise) * exp(dice.gauss(0, PASS_SD))))
        found = judged(passes)
        if found.outcome is not SumOutcome.OPEN:
            break
    return found


def share(rise: float, outcome: SumOutcome) -> float:
    dice = random.Random(1)
    return sum(decided(dice, rise).outcome is outcome for _ in range(1000)) / 1000


def test_two_percent_more_in_every_test_are_found() -> None:
    assert share(0.02, SumOutcome.REGRESSED) > 0.95


def test_an_unchanged_suite_is_hardly_ever_called_worse() -> None:
    assert share(0.0, SumOutcome.REGRESSED) < 0.01
    assert share(0.0, SumOutcome.OK) > 0.95


def test_a_pass_that_lies_far_off_does_not_clear_a_suite() -> None:
    passes = [(5.0, 5.0 * 0.994)]
    assert judged(passes).outcome is SumOutcome.OPEN
    for _ in range(2):
        passes.append((5.0, 5.1))
        assert judged(passes).outcome is SumOutcome.OPEN


def test_a_sum_in_figures() -> None:
    """Two passes of 500 tests of 10 mJ, whose pairs vary by 0.085 and average out."""
    found = judged([(5.0, 5.0 * exp(0.03)), (7.0, 7.0 * exp(0.05))])
    pair_sd = 0.06 * sqrt(0.02 / 0.01)
    squares = 6 * (PASS_SD**2 + pair_sd**2 / 500) + 2 * 0.01**2
    error = sqrt(squares / 7 / 2)
    assert found.base_j == pytest.approx(6.0)
    assert found.passes == 2
    assert found.ratio == pytest.approx(exp(0.04))
    assert found.low == pytest.approx(exp(0.04 - error * quantile(0.025, 7)))
    assert found.high == pytest.approx(exp(0.04 + error * quantile(0.025, 7)))
    assert found.outcome is SumOutcome.REGRESSED


# Of two passes that show the same, each of 500 tests of 10 mJ.
ERROR_OF_TWO = sqrt((PASS_SD**2 + (0.06 * sqrt(2)) ** 2 / 500) * 6 / 7 / 2)


def test_a_sum_regresses_where_its_change_is_more_than_its_margin() -> None:
    margin = ERROR_OF_TWO * quantile(0.01 * SUITES_SHARE / MOST_PASSES, 7)
    assert margin > log(1.01)
    for off, outcome in ((0.999, SumOutcome.OPEN), (1.001, SumOutcome.REGRESSED)):
        assert judged([(5.0, 5.0 * exp(margin * off))] * 2).outcome is outcome
    # At the end of eight passes that all show the same, the error is half of this.
    least = ERROR_OF_TWO / 2 * quantile(0.01 * SUITES_SHARE / MOST_PASSES, 13)
    for off, could in ((0.999, False), (1.001, True)):
        change = max(least, log(1.01)) * off
        assert judged([(5.0, 5.0 * exp(change))] * 2).could_regress is could


def test_a_sum_is_cleared_three_errors_below_twice_its_tolerance() -> None:
    most = log(1.02) - 3 * ERROR_OF_TWO
    for off, outcome in ((-1e-4, SumOutcome.OK), (1e-4, SumOutcome.OPEN)):
        assert judged([(5.0, 5.0 * exp(most + off))] * 2).outcome is outcome


@pytest.mark.parametrize(
    ("energy_j", "pair_sd"),
    [(0.02, 0.06), (0.005, 0.12), (0.0001, 0.12), (0.0, 0.12), (0.18, 0.02), (100.0, 0.02)],
)
def test_the_shorter_a_test_the_more_its_pairs_vary(energy_j: float, pair_sd: float) -> None:
    one = judged([(5.0, 5.0)], [energy_j, 1e-30])
    error = sqrt(PASS_SD**2 + pair_sd**2)
    assert one.high == pytest.approx(exp(error * quantile(0.025, 6)))


def test_the_interval_gets_narrower_with_each_pass() -> None:
    widths = []
    for count in (1, 2, 4, 8):
        found = judged([(5.0, 5.01)] * count)
        assert found.low < found.ratio < found.high
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)
    assert judged([(5.0, 5.01)] * 4).ratio == pytest.approx(1.002)


def test_a_change_that_could_never_convict_is_told_apart() -> None:
    assert judged([(5.0, 5.15)]).could_regress
    assert not judged([(5.0, 5.02)]).could_regress
    assert not judged([(5.0, 4.8)]).could_regress


def test_a_few_tests_scatter_more_than_many() -> None:
    few, many = judged([(5.0, 5.1)], [1.0] * 5), judged([(5.0, 5.1)], [0.01] * 500)
    assert few.high > many.high


energies = st.floats(1e-6, 1e9)


@given(st.lists(st.tuples(energies, energies), min_size=1, max_size=8))
def test_there_is_always_an_answer(passes: list[tuple[float, float]]) -> None:
    found = judged(passes)
    assert 0 <= found.low <= found.ratio <= found.high
