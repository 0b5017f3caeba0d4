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


def test_what_the_baseline_may_be_off_by_counts_in_every_look() -> None:
    sure, unsure = looks(*[0.1] * 20), looks(*[0.1] * 20, baseline_error=0.1)
    assert sure.chance < 1e-6
    assert unsure.chance > 0.5
    assert unsure.error > 0.1


def test_a_single_look_that_is_far_too_low_clears_nobody() -> None:
    assert looks(0.0).is_below(0.05)
    assert looks(0.02, -0.02).is_below(0.05)
    assert not looks(0.14, -0.14).is_below(0.05)
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
