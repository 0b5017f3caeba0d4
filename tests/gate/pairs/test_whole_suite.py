"""Sums of many tests: what is spread over a suite."""

from __future__ import annotations

import random
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.compare.whole_suite import SUITES_SHARE
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
