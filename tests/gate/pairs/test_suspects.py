"""Two versions in turn: how many pairs it takes, and what they say."""

from __future__ import annotations

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.pairs.suspects import MorePairs, Pair, PairedPolicy, next_pairs
from pytest_carbon.gate.verdict import Outcome, Verdict

POLICY = PairedPolicy(floor_j=0.0)


def compare(
    rng: random.Random, growth: float, *, pair_sd: float = 0.13, policy: PairedPolicy = POLICY
) -> tuple[Verdict, int]:
    """Measure pairs whose noise is like the recorded: heavy tails, and a share of the process."""
    pairs: list[Pair] = []
    process_part = 0.0
    for _ in range(20):
        step = next_pairs(pairs, policy, suite_size=20)
        if isinstance(step, Verdict):
            return step, len(pairs)
        for number in range(step.count):
            if number % 5 == 0:
                process_part = rng.gauss(0, 0.02)
            own = rng.gauss(0, pair_sd) * (3 if rng.random() < 0.05 else 1)
            base_j = 0.08 * rng.choice([1.0, 1.8])
            head_j = base_j * growth * 2.71828 ** (process_part + own)
            pairs.append(Pair(base_j, head_j, len(pairs) // 5))
    pytest.fail("never ended")


def test_ten_percent_are_found_and_no_change_is_not() -> None:
    rng = random.Random(3)
    grown = [compare(rng, 1.10)[0].outcome for _ in range(60)]
    same = [compare(rng, 1.00)[0].outcome for _ in range(200)]
    assert grown.count(Outcome.REGRESSED) >= 57, "19 of 20"
    assert set(same) == {Outcome.OK}


def test_processes_that_differ_by_chance_convict_nobody() -> None:
    """Pairs of the same two processes agree well with each other, and all of them are off."""
    for seed in range(150):
        rng = random.Random(seed)
        pairs: list[Pair] = []
        step = next_pairs(pairs, POLICY, suite_size=20)
        while isinstance(step, MorePairs):
            for _ in range(step.count // 5):
                shared = rng.gauss(0, 0.06)
                batch = len(pairs) // 5
                pairs += [
                    Pair(0.08, 0.08 * 2.71828 ** (shared + rng.gauss(0, 0.01)), batch)
                    for _ in range(5)
                ]
            step = next_pairs(pairs, POLICY, suite_size=20)
        assert step.outcome is not Outcome.REGRESSED


def test_great_changes_take_few_pairs() -> None:
    verdict, pairs = compare(random.Random(4), 1.6)
    assert verdict.outcome is Outcome.REGRESSED
    assert pairs <= 20
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.low < 1.6 < verdict.high


def test_a_fall_is_an_improvement() -> None:
    assert compare(random.Random(5), 0.7)[0].outcome is Outcome.IMPROVED


def test_pairs_that_scatter_too_much_end_inconclusive() -> None:
    verdict, pairs = compare(
        random.Random(12), 1.15, pair_sd=1.0, policy=PairedPolicy(floor_j=0.0, max_pairs=40)
    )
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert pairs == 40
    assert verdict.can_see is not None
    assert verdict.can_see > 0.3


def test_the_floor_allows_small_differences() -> None:
    strict, _ = compare(random.Random(6), 1.3)
    lax, _ = compare(random.Random(6), 1.3, policy=PairedPolicy(floor_j=0.1))
    assert (strict.outcome, lax.outcome) == (Outcome.REGRESSED, Outcome.OK)


def test_the_first_answer_asks_for_ten_pairs() -> None:
    assert next_pairs([], POLICY, 20) == MorePairs(10)
    assert POLICY.checks == (10, 20, 40, 80, 160)


def test_a_small_tolerance_takes_more_pairs() -> None:
    assert PairedPolicy(tolerance=0.01).checks == (10, 20, 40, 80, 160, 320)
    assert PairedPolicy(tolerance=0.01, max_pairs=40).checks == (10, 20, 40)


def test_three_percent_are_found_at_a_tolerance_of_one() -> None:
    rng = random.Random(3)
    policy = PairedPolicy(tolerance=0.01, floor_j=0.0)
    grown = [compare(rng, 1.03, pair_sd=0.06, policy=policy)[0].outcome for _ in range(60)]
    same = [compare(rng, 1.00, pair_sd=0.06, policy=policy)[0].outcome for _ in range(100)]
    assert grown.count(Outcome.REGRESSED) >= 54, "9 of 10"
    assert Outcome.REGRESSED not in same


def test_decisions_fall_at_checks_only() -> None:
    pairs = [Pair(1.0, 2.0, number) for number in range(13)]
    assert isinstance(next_pairs(pairs[:10], POLICY, 20), Verdict)
    assert next_pairs(pairs, POLICY, 20) == MorePairs(7)


def test_pairs_without_any_cost_say_nothing() -> None:
    verdict = next_pairs([Pair(0.0, 0.0, 0)] * 160, POLICY, 20)
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.INCONCLUSIVE


ratios = st.floats(0.2, 5)


@given(st.lists(ratios, min_size=10, max_size=10), st.floats(1, 3))
def test_a_costlier_head_is_never_judged_more_mildly(rises: list[float], factor: float) -> None:
    def regressed(scale: float) -> bool:
        pairs = [Pair(1.0, rise * scale, at // 5) for at, rise in enumerate(rises)]
        step = next_pairs(pairs, POLICY, 20)
        return isinstance(step, Verdict) and step.outcome.fails

    if regressed(1.0):
        assert regressed(factor)


@given(st.lists(st.tuples(ratios, ratios), max_size=200), st.integers(1, 1000))
def test_it_always_ends_with_an_interval_around_the_ratio(
    costs: list[tuple[float, float]], suite_size: int
) -> None:
    number = count()
    pairs = [Pair(base_j, head_j, next(number) // 5) for base_j, head_j in costs]
    step = next_pairs(pairs, POLICY, suite_size)
    assert isinstance(step, Verdict) or len(pairs) < POLICY.checks[-1]
    if isinstance(step, Verdict):
        assert step.ratio is not None
        assert step.low is not None
        assert step.high is not None
        assert step.low * (1 - 1e-9) <= step.ratio <= step.high * (1 + 1e-9)


def test_a_smaller_tolerance_has_a_smaller_floor() -> None:
    """Else a test of 33 mJ that rose by 3 % is within a tolerance of 1 %."""
    assert PairedPolicy(tolerance=0.05).least_rise_j == 0.001
    assert PairedPolicy(tolerance=0.2).least_rise_j == 0.001
    assert PairedPolicy(tolerance=0.01).least_rise_j == pytest.approx(0.0002)
