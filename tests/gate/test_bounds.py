"""Who becomes a suspect."""

from __future__ import annotations

from math import exp, hypot, log, log1p, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.policy import Policy


def entry(
    centre_j: float = 0.1, sd: float | None = 0.03, *, raw_j: float = 0.2, known: bool = True
) -> Entry:
    return Entry(
        first=Spread(centre_j=centre_j, sd_log=sd, samples=10, processes=10),
        look=Spread(centre_j=centre_j, sd_log=sd, samples=30, processes=10),
        raw=Spread(centre_j=raw_j, sd_log=0.2, samples=10, processes=10),
        cpu_s=0.06,
        wall_s=0.06,
        sensitivity=0.95 if known else None,
    )


def bounds(test: Entry, policy: Policy | None = None, suite_sd: float = 0.03) -> Bounds:
    return Bounds.of(test, policy or Policy(), suite_sd)


def test_the_bounds_of_a_test_in_figures() -> None:
    """Ten runs that scatter by 0.05, as the whole suite does, and a tolerance of 20 %."""
    found = bounds(entry(sd=0.05), suite_sd=0.05)
    assert found.first_sd == pytest.approx(0.05)
    # Of the baseline's error of 0.05 / sqrt(10) and that of one run.
    assert found.drifting_sd == pytest.approx(0.05 * sqrt(1.1))
    assert found.allowed_log == pytest.approx(log(1.2))
    # 1.8 deviations below one and a half tolerances.
    assert found.limit_j == pytest.approx(0.1 * 1.3 * exp(-1.8 * 0.05 * sqrt(1.1)))
    assert found.disk_limit_j == found.limit_j
    assert found.aim_log == pytest.approx(log(1.3))
    assert found.can_see == pytest.approx(0.3)
    assert found.drift_log == pytest.approx(1.3 * found.drifting_sd)
    assert found.raw_log == pytest.approx(log(1.2) / 2)


def test_the_bounds_of_a_noisy_test_in_figures() -> None:
    """It is suspect where its noise ends; what the screen finds is the aim."""
    found = bounds(entry(sd=0.2), suite_sd=0.2)
    sd = 0.2 * sqrt(1.1)
    assert found.limit_j == pytest.approx(0.1 * exp(1.3 * sd))
    assert found.aim_log == pytest.approx((1.3 + 1.645) * sd)
    assert found.can_see == pytest.approx(exp((1.3 + 1.645) * sd) - 1)


def test_a_screen_that_sits_closer_finds_more_in_a_noisy_test() -> None:
    noisy = entry(sd=0.2)
    close = Bounds.of(noisy, Policy(), suite_sd=0.2, screen_sds=0.5)
    assert close.limit_j == pytest.approx(0.1 * exp(0.5 * 0.2 * sqrt(1.1)))
    assert close.can_see == pytest.approx(exp((0.5 + 1.645) * 0.2 * sqrt(1.1)) - 1)
    steady = entry(sd=0.05)
    assert Bounds.of(steady, Policy(), 0.05, 0.5) == Bounds.of(steady, Policy(), 0.05)


def test_the_bounds_of_a_test_that_writes_to_a_disk_in_figures() -> None:
    """Another hour may explain more, unless the test is known to have written more, too."""
    found = bounds(entry(sd=0.05)._replace(disk_share=0.1, blocks_written=100.0), suite_sd=0.05)
    own_sd = 0.05 * sqrt(1.1)
    assert found.drifting_sd == pytest.approx(hypot(own_sd, 0.06))
    assert found.limit_j == pytest.approx(0.1 * 1.3 * exp(-1.8 * own_sd))
    assert found.disk_limit_j == pytest.approx(0.1 * 1.3 * exp(-1.8 * found.drifting_sd))
    assert found.most_blocks == pytest.approx(100 * sqrt(1.2))
    assert found.limit_of_run_j(None) == found.limit_j
    assert found.limit_of_run_j(found.most_blocks) == found.disk_limit_j
    assert found.limit_of_run_j(found.most_blocks + 1) == found.limit_j
    unknown = bounds(entry(sd=0.05)._replace(disk_share=0.1), suite_sd=0.05)
    assert unknown.limit_j == unknown.disk_limit_j == found.disk_limit_j
    assert unknown.most_blocks == 0


def test_the_thorough_mode_aims_at_two_tolerances_whatever_the_screen() -> None:
    thorough = Policy().in_thorough_mode()
    found = bounds(entry(sd=0.2), thorough, suite_sd=0.2)
    assert found.aim_log == pytest.approx(log1p(2 * thorough.tolerance))


def test_the_floor_is_a_tolerance_where_it_is_more() -> None:
    found = bounds(entry(centre_j=0.01), Policy(floor_j=0.005))
    assert found.allowed_log == pytest.approx(log(1.5))


def test_to_a_baseline_of_nothing_no_rise_is_relative() -> None:
    found = bounds(entry(centre_j=0.0), Policy(floor_j=0.005))
    assert found.can_see is None
    assert found.limit_j == found.disk_limit_j == 0.005
    assert not found.is_fall(0.001)


def test_a_quiet_test_is_suspect_near_its_tolerance() -> None:
    assert not bounds(entry()).is_suspect(0.110)
    assert bounds(entry()).is_suspect(0.122)


def test_a_noisier_test_is_suspect_earlier_as_noise_may_hide_a_rise() -> None:
    assert bounds(entry(sd=0.06), Policy(), 0.06).limit_j < bounds(entry(sd=0.03)).limit_j


def test_but_never_within_its_own_noise() -> None:
    assert bounds(entry(sd=0.5), Policy(), 0.5).limit_j > 0.1 * 1.8


def test_a_rise_below_the_floor_is_no_suspect() -> None:
    small = entry(centre_j=0.004)
    assert not bounds(small, Policy(floor_j=0.003), 0.03).is_suspect(0.0065)
    assert bounds(small, Policy(floor_j=0.003), 0.03).is_suspect(0.0080)


def test_with_unknown_sensitivity_a_rise_has_to_show_in_both_figures() -> None:
    unknown = entry(known=False)
    assert not bounds(unknown).is_suspect(0.15, raw_now_j=0.21)
    assert bounds(unknown).is_suspect(0.15, raw_now_j=0.30)
    assert bounds(entry()).is_suspect(0.15, raw_now_j=0.21)


def test_a_test_below_the_floor_is_too_small_until_it_grows() -> None:
    tiny = entry(centre_j=0.0001)
    assert bounds(tiny, Policy(floor_j=0.003)).is_too_small(0.0004)
    assert not bounds(tiny, Policy(floor_j=0.003)).is_too_small(0.0400)
    assert bounds(tiny, Policy(floor_j=0.003), 0.1).is_suspect(0.0400)


def test_the_floor_itself_is_large_enough_to_gate() -> None:
    floor = Policy(floor_j=0.003)
    assert not bounds(entry(centre_j=0.003), floor).is_too_small(0.003)
    assert bounds(entry(centre_j=0.002), floor).is_too_small(0.005)


def test_a_first_run_that_is_a_cost_of_its_own_has_to_rise_by_more() -> None:
    """Importing a large module was seen at 1.5 times its usual cost for minutes on end."""
    importing = entry(sd=0.03)._replace(look=Spread(centre_j=0.001, samples=30, processes=10))
    assert not bounds(importing).is_suspect(0.15)
    assert bounds(importing).is_suspect(0.17)
    assert (bounds(importing).can_see or 0) > 0.6


def test_a_clear_fall_is_an_improvement() -> None:
    assert bounds(entry()).is_fall(0.07)
    assert not bounds(entry()).is_fall(0.09)
    assert not bounds(entry(sd=0.3), Policy(), 0.3).is_fall(0.07)


def test_a_fall_of_what_only_a_first_run_pays_has_to_be_greater() -> None:
    imports = entry()._replace(look=entry().first._replace(centre_j=0.02))
    assert not bounds(imports).is_fall(0.07)
    assert bounds(imports).is_fall(0.06)


def test_a_baseline_of_nothing_does_not_divide() -> None:
    zero = entry(centre_j=0.0)
    assert bounds(zero, Policy(floor_j=0.003)).limit_j == 0.003
    assert not bounds(zero, Policy()).is_fall(0.1)
    assert bounds(zero, Policy()).can_see is None


def test_what_can_be_seen_grows_with_the_noise() -> None:
    assert bounds(entry(sd=0.05), Policy(), 0.05).can_see == pytest.approx(0.30)
    assert (bounds(entry(sd=0.20), Policy(), 0.20).can_see or 0) > 0.6


figures = st.floats(1e-4, 1e4)
spreads = st.floats(0.0, 0.5)


@given(figures, figures, st.floats(1, 100), spreads)
def test_more_energy_never_turns_a_suspect_into_none(
    now_j: float, centre_j: float, factor: float, sd: float
) -> None:
    test = entry(centre_j, sd)
    if bounds(test, Policy(), 0.1).is_suspect(now_j):
        assert bounds(test, Policy(), 0.1).is_suspect(now_j * factor)


@given(figures, figures, spreads, st.floats(0.01, 2), st.floats(0, 2))
def test_more_tolerance_never_makes_more_suspects(
    now_j: float, centre_j: float, sd: float, tolerance: float, more: float
) -> None:
    test = entry(centre_j, sd)
    if bounds(test, Policy(tolerance=tolerance + more), 0.1).is_suspect(now_j):
        assert bounds(test, Policy(tolerance=tolerance), 0.1).is_suspect(now_j)


@given(st.floats(0.3, 3), spreads, st.sampled_from([2.0**power for power in range(-20, 20)]))
def test_units_do_not_matter(ratio: float, sd: float, factor: float) -> None:
    policy = Policy(floor_j=0.0)
    here = bounds(entry(1.0, sd), policy, 0.1).is_suspect(ratio)
    assert bounds(entry(factor, sd), policy, 0.1).is_suspect(ratio * factor) == here


def test_writing_to_a_disk_may_cost_more_for_hours() -> None:
    files = entry()._replace(disk_share=0.8)
    assert bounds(entry()).is_suspect(0.122)
    assert not bounds(files).is_suspect(0.122)
    assert bounds(files).is_suspect(0.20)
    seen, usual = bounds(files).can_see, bounds(entry()).can_see
    assert seen is not None
    assert usual is not None
    assert seen > usual + 0.2


def test_where_it_is_known_what_a_test_writes_a_second_look_may_tell() -> None:
    files = entry()._replace(disk_share=0.8, blocks_written=320.0)
    assert bounds(files).is_suspect(0.13)
    assert bounds(files).is_suspect(0.13, blocks_written=500), "it writes more"
    assert not bounds(files).is_suspect(0.13, blocks_written=321), "the disk costs more"
    assert bounds(files).is_suspect(0.20, blocks_written=321)
    assert bounds(files).can_see == bounds(files._replace(blocks_written=None)).can_see, (
        "a rise of another kind is seen no better for it"
    )
