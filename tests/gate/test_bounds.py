"""Who becomes a suspect."""

from __future__ import annotations

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
