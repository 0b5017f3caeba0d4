"""What looks at different speeds tell of a test's sensitivity."""

from __future__ import annotations

from math import sqrt
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.gate.trend import STEEPEST, Trend, fit_trend

SD = 0.035
USUAL_ERROR = 0.1

SLOWNESSES = [-0.1, 0.4, 0.0, 0.35, -0.1, 0.3, 0.1, 0.45, 0.2, -0.05]


def rises(true_rise: float, off_by: float) -> list[float]:
    """The looks at a test whose sensitivity is ``off_by`` more than its stored one."""
    return [true_rise + off_by * slowness for slowness in SLOWNESSES]


def test_many_looks_at_different_speeds_find_how_far_a_sensitivity_is_off() -> None:
    trend = fit_trend(SLOWNESSES, rises(0.14, -0.2), SD, USUAL_ERROR)
    assert -0.2 < trend.slope < -0.1
    assert trend.error < 0.6 * USUAL_ERROR


def test_a_trend_in_figures() -> None:
    """Two looks 0.4 apart in speed, with a spread of 0.04; slopes are usually 0.1 from 0."""
    trend = fit_trend([0.1, 0.5], [0.10, 0.14], 0.04, 0.1)
    # Two points 0.2 beside their middle say 0.08 / 0.0016 = 50 of a slope of 0.1; a level one 100.
    assert trend.slope == pytest.approx(0.1 * 50 / 150)
    assert trend.error == pytest.approx(1 / sqrt(150))
    assert trend.slowness_log == pytest.approx(0.3)
    assert trend.levelled([0.10, 0.14]) == pytest.approx(
        [0.10 + 0.2 * trend.slope, 0.14 - 0.2 * trend.slope]
    )
    assert trend.excess_log == pytest.approx((trend.slope + trend.error) * 0.3)


def test_looks_at_one_speed_leave_the_sensitivity_as_well_known_as_it_was() -> None:
    trend = fit_trend([0.3] * 5, [0.1, 0.12, 0.08, 0.11, 0.09], SD, USUAL_ERROR)
    assert trend.slope == 0
    assert trend.error == pytest.approx(USUAL_ERROR)


@pytest.mark.parametrize("count", [0, 1])
def test_a_single_look_has_no_trend(count: int) -> None:
    trend = fit_trend([0.4] * count, [0.2] * count, SD, USUAL_ERROR)
    assert (trend.slope, trend.error) == (0, USUAL_ERROR)
    assert trend.levelled([0.2] * count) == [0.2] * count


def test_scatter_that_speed_does_not_explain_makes_no_steep_trend() -> None:
    """Two looks that differ by chance: the more looks scatter, the less they tell."""
    calm = fit_trend([0.0, 0.2], [0.10, 0.14], SD, USUAL_ERROR)
    wild = fit_trend([0.0, 0.2], [0.00, 0.40], SD, USUAL_ERROR)
    assert 0 < calm.slope < 0.1
    assert wild.slope < 0.4
    assert wild.error > calm.error


def test_levelled_looks_agree_where_only_their_speeds_differed() -> None:
    seen = rises(0.14, -0.2)
    levelled = fit_trend(SLOWNESSES, seen, SD, USUAL_ERROR).levelled(seen)
    assert max(levelled) - min(levelled) < (max(seen) - min(seen)) / 3


def test_a_rise_beside_a_neighbour_may_be_a_test_that_follows_it_more() -> None:
    """Nothing is known of it but what is stored: the usual error at this speed."""
    assert fit_trend([0.5, 0.5], [0.1, 0.1], SD, USUAL_ERROR).excess_log == pytest.approx(0.05)


def test_looks_that_lie_lower_the_slower_the_core_allow_for_no_excess() -> None:
    assert fit_trend(SLOWNESSES, rises(0.14, -0.25), SD, USUAL_ERROR).excess_log == 0


def test_looks_that_lie_higher_the_slower_the_core_allow_for_more() -> None:
    usual = USUAL_ERROR * fmean(SLOWNESSES)
    assert fit_trend(SLOWNESSES, rises(0.0, 0.3), SD, USUAL_ERROR).excess_log > 2 * usual


def test_a_fast_core_makes_no_rise() -> None:
    assert fit_trend([-0.2, -0.1], [0.2, 0.2], SD, USUAL_ERROR).excess_log == 0


def test_no_test_follows_the_core_endlessly() -> None:
    assert Trend(slope=2.0, error=0.1, slownesses_log=[0.5]).excess_log == STEEPEST * 0.5


LOOKS = st.lists(st.tuples(st.floats(-1, 1), st.floats(-0.5, 0.5)), min_size=2, max_size=20)


@given(LOOKS, st.floats(0.01, 0.2), st.floats(0.05, 0.4))
def test_levelling_keeps_the_mean_and_never_widens_the_scatter(
    looks: list[tuple[float, float]], sd: float, prior_sd: float
) -> None:
    slownesses, seen = zip(*looks, strict=True)
    trend = fit_trend(slownesses, seen, sd, prior_sd)
    levelled = trend.levelled(seen)
    mean = fmean(seen)
    assert fmean(levelled) == pytest.approx(mean, abs=1e-9)
    assert sum((y - mean) ** 2 for y in levelled) <= sum((y - mean) ** 2 for y in seen) + 1e-9
    assert 0 < trend.error <= prior_sd + 1e-12
    assert trend.excess_log >= 0
