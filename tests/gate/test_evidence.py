"""Independent looks, weighed together."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.evidence import Evidence
from pytest_carbon.gate.spread import t_tail

logs = st.floats(-1, 1)


def looks(*rises: float, sd: float = 0.03, baseline_error: float = 0.0) -> Evidence:
    return Evidence(ratios_log=rises, sd=sd, baseline_error=baseline_error)


def test_each_look_that_agrees_divides_the_chance() -> None:
    one = t_tail(0.1 / 0.03)
    assert looks(0.1).chance == pytest.approx(one)
    assert looks(0.1, 0.3).chance == pytest.approx(one**2)
    assert looks(0.1, 0.3, 0.2, 0.2).chance == pytest.approx(one**4)


def test_one_look_that_does_not_agree_acquits_until_there_are_five() -> None:
    assert looks(0.3, 0.3, 0.3, -0.1).chance > 0.9
    assert looks(0.3, 0.3, 0.3, 0.3, -0.1).chance < 1e-6


def test_of_five_looks_the_second_lowest_decides() -> None:
    """Four or five that reach it."""
    one = t_tail(0.08 / 0.03)
    five_or_four = one**5 + 5 * one**4 * (1 - one)
    assert looks(-0.2, 0.08, 0.1, 0.2, 0.3).chance == pytest.approx(five_or_four)
    assert looks(0.08, 0.1, 0.2, 0.3).chance == pytest.approx(one**4), "and of four the lowest"


def test_the_estimate_and_its_interval_in_figures() -> None:
    two = looks(0.1, 0.3, sd=0.03, baseline_error=0.04)
    assert two.ratio_log == pytest.approx(0.2)
    assert two.error == pytest.approx(math.sqrt(0.03**2 / 2 + 0.04**2))
    # 97.5 % of Student's t with four degrees of freedom, from any table.
    assert two.low == pytest.approx(math.exp(0.2 - 2.776 * two.error), rel=1e-4)
    assert two.high == pytest.approx(math.exp(0.2 + 2.776 * two.error), rel=1e-4)


def test_what_can_be_seen_in_figures() -> None:
    """99 % and 99.99 % of Student's t with four degrees of freedom are 3.747 and 13.034."""
    two = looks(0.0, 0.0, sd=0.03, baseline_error=0.01)
    needed_log = 1.5 * 0.01 + 0.03 * 13.034 + 1.5 * 0.03
    assert two.can_see(0.18, 1e-8) == pytest.approx(math.expm1(needed_log), rel=1e-4)
    # A rise of the tolerance lies above it only half of the time.
    assert two.can_see(0.18, 1e-4) == pytest.approx(math.expm1(0.18 + 1.645 * two.error), rel=1e-4)
    # Of five looks four have to agree, and there are five ways to choose them.
    five = looks(*[0.0] * 5, sd=0.03)
    needed_log = 0.03 * 3.747 + 1.5 * 0.03
    assert five.can_see(0.0, 5 * 0.01**4) == pytest.approx(math.expm1(needed_log), rel=1e-4)


def test_what_the_core_may_explain_is_taken_off_each_look() -> None:
    left = looks(0.3, 0.4)._replace(excess_log=0.1).without_excess()
    assert left.ratios_log == pytest.approx([0.2, 0.3])
    assert left.excess_log == 0.0
    assert left.sd == 0.03


def test_what_the_baseline_may_be_off_by_counts_in_every_look() -> None:
    one = t_tail((0.1 - 1.5 * 0.02) / 0.03)
    assert looks(0.1, 0.1, baseline_error=0.02).chance == pytest.approx(one**2)
    sure, unsure = looks(*[0.1] * 20), looks(*[0.1] * 20, baseline_error=0.1)
    assert sure.chance < 1e-6
    assert unsure.chance > 0.5
    assert unsure.error > 0.1


def test_a_single_look_that_is_far_too_low_clears_nobody() -> None:
    assert looks(0.0).is_below(0.05)
    assert looks(0.02, -0.02).is_below(0.05)
    assert not looks(0.05).is_below(0.05)
    assert not looks(0.14, -0.14).is_below(0.05)
    # Five deviations apart, and a little more.
    assert looks(0.0, 0.1499).is_below(0.2)
    assert not looks(0.0, 0.1501).is_below(0.2)
    assert looks(0.0, 0.0, 0.1501).is_below(0.2)
    assert not looks(0.14, 0.12, -0.30).is_below(0.05)
    assert looks(0.01, 0.02, -0.30).is_below(0.05)


@given(st.lists(logs, min_size=1, max_size=20), logs)
def test_what_is_below_a_limit_lies_there_in_mean_and_median(
    rises: list[float], limit: float
) -> None:
    if looks(*rises).is_below(limit):
        assert math.fsum(rises) / len(rises) < limit + 1e-9
        assert sum(rise < limit for rise in rises) * 2 >= len(rises)


def test_more_looks_see_a_smaller_rise() -> None:
    seen = [looks(*[0.0] * count, baseline_error=0.01).can_see(0.05, 1e-4) for count in (3, 10, 20)]
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < 0.12
