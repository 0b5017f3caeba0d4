"""What a run may ask of the gate."""

from __future__ import annotations

import pytest

from pytest_carbon.gate.policy import THOROUGH_TOLERANCE, Policy


def test_the_thorough_mode_looks_for_less_and_looks_more_often() -> None:
    usual = Policy()
    thorough = usual.in_thorough_mode()
    assert thorough.tolerance == THOROUGH_TOLERANCE
    assert thorough.max_looks > usual.max_looks
    assert thorough.least_to_clear > usual.least_to_clear
    assert thorough.confirm_time_s > usual.confirm_time_s


def test_the_thorough_mode_keeps_the_floor_and_allows_a_smaller_rise_in_joules() -> None:
    """Else the floor would be what decides on tests just above it."""
    usual = Policy(tolerance=0.2, floor_j=0.003)
    thorough = usual.in_thorough_mode()
    assert usual.least_rise_j == 0.003
    assert thorough.floor_j == 0.003
    assert thorough.least_rise_j == pytest.approx(0.003 * THOROUGH_TOLERANCE / 0.2)


def test_a_tolerance_that_is_smaller_already_stays() -> None:
    thorough = Policy(tolerance=0.05, floor_j=0.003).in_thorough_mode()
    assert (thorough.tolerance, thorough.least_rise_j) == (0.05, 0.003)
    assert Policy(tolerance=0.0, floor_j=0.003).in_thorough_mode().least_rise_j == 0.003


@pytest.mark.parametrize(("asked_s", "given_s"), [(0.0, 0.0), (30.0, 120.0), (600.0, 600.0)])
def test_the_thorough_mode_takes_time_unless_it_is_given_none(
    asked_s: float, given_s: float
) -> None:
    assert Policy(confirm_time_s=asked_s).in_thorough_mode().confirm_time_s == given_s


def test_the_chance_of_a_false_alarm_in_figures() -> None:
    """A tenth of 100 tests get eight looks each; in the thorough mode 40 of them get twenty."""
    assert Policy().chance(100) == pytest.approx(0.01 / 10 / 8)
    assert Policy().in_thorough_mode().chance(100) == pytest.approx(0.01 / 40 / 20)
    assert Policy().chance(1) == pytest.approx(0.01 / 8)


def test_a_larger_suite_gives_each_suspect_a_smaller_part_of_the_false_alarms() -> None:
    assert Policy().chance(10_000) < Policy().chance(100)
    assert Policy(alpha=100.0).chance(1) == 0.5
