"""Spreads, centres, and chances with heavy tails."""

from __future__ import annotations

import math
import random
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.spread import (
    LEAST_RUN_SD,
    TYPICAL_SD,
    centre_error,
    disk_drift,
    first_sd,
    hodges_lehmann,
    look_sd,
    robust_sd,
    sample_sd,
    sd_here,
    shrunk_sd,
    suite_sd,
    summarise,
    t_quantile,
    t_tail,
    trimmed_mean,
)

energies = st.floats(1e-6, 1e6)


def entry(first: Spread, look: Spread | None = None) -> Entry:
    return Entry(first=first, look=look, cpu_s=0.02, wall_s=0.02)


@pytest.mark.parametrize(
    ("t", "tail"),
    [(0.0, 0.5), (1.533206, 0.1), (2.776445, 0.025), (7.173182, 0.001), (-1.533206, 0.9)],
)
def test_tails_are_those_in_the_tables_of_students_t(t: float, tail: float) -> None:
    assert t_tail(t) == pytest.approx(tail, rel=1e-5)
    assert t_quantile(tail) == pytest.approx(t, abs=1e-5)


@given(st.floats(1e-9, 0.999))
def test_quantile_and_tail_undo_each_other(tail: float) -> None:
    assert t_tail(t_quantile(tail)) == pytest.approx(tail, rel=1e-5)


def test_one_outlier_moves_robust_centres_little() -> None:
    assert trimmed_mean([1.0, 1.0, 1.1, 0.9, 50.0]) == pytest.approx(1.0, abs=0.05)
    assert hodges_lehmann([1.0, 1.0, 1.1, 0.9, 50.0]) == pytest.approx(1.05, abs=0.06)


def test_a_robust_centre_is_the_median_of_all_means_of_two() -> None:
    # Of 1, 2 and 9: 1, 1.5, 2, 5, 5.5 and 9, whose middle lies between 2 and 5.
    assert hodges_lehmann([9.0, 1.0, 2.0]) == pytest.approx(3.5)
    # Of 1 and 9: 1, 5 and 9.
    assert hodges_lehmann([9.0, 1.0]) == pytest.approx(5.0)
    assert hodges_lehmann([9.0]) == pytest.approx(9.0)


@given(st.lists(energies, min_size=1, max_size=20))
def test_robust_centres_lie_between_the_extremes(values: list[float]) -> None:
    for centre in (trimmed_mean(values), hodges_lehmann(values)):
        assert min(values) * (1 - 1e-9) <= centre <= max(values) * (1 + 1e-9)


@given(st.lists(st.lists(energies, min_size=1, max_size=5), min_size=1, max_size=8), energies)
def test_a_summary_scales_with_its_samples(groups: list[list[float]], factor: float) -> None:
    one = summarise(groups)
    other = summarise([[value * factor for value in group] for group in groups])
    assert other.centre_j == pytest.approx(one.centre_j * factor, rel=1e-6)
    assert (one.samples, one.processes) == (sum(map(len, groups)), len(groups))
    if one.sd_log is not None and other.sd_log is not None:
        assert other.sd_log == pytest.approx(one.sd_log, abs=1e-6)


def test_every_process_weighs_the_same_in_a_summary() -> None:
    assert summarise([[1.0] * 9, [4.0]]).centre_j == pytest.approx(2.0)


def test_a_summary_of_one_sample_knows_no_spread() -> None:
    alone = summarise([[0.03]])
    assert alone.centre_j == pytest.approx(0.03)
    assert (alone.sd_log, alone.samples, alone.processes) == (None, 1, 1)


def test_two_samples_know_a_spread() -> None:
    assert summarise([[1.0, 1.2]]).sd_log is not None


def test_the_spread_of_the_suite_is_its_median_test_of_those_that_count() -> None:
    def with_sd(sd: float, centre_j: float = 1.0, samples: int = 3) -> Entry:
        return entry(Spread(centre_j=centre_j, sd_log=sd, samples=samples, processes=samples))

    tests = [with_sd(sd) for sd in (0.5, 0.02, 0.04, 0.06, 0.08)]
    assert suite_sd(tests, 1.0) == pytest.approx(0.06), "a test at the floor counts"
    small = [with_sd(0.9, centre_j=0.99)] * 9
    once = [with_sd(0.9, samples=2)] * 9
    assert suite_sd([*tests, *small, *once], 1.0) == pytest.approx(0.06)


def test_the_spread_of_normal_samples_is_their_standard_deviation() -> None:
    normal = random.Random(3)
    for count, precision in ((5, 0.06), (10, 0.03), (30, 0.02)):
        fits = [robust_sd([normal.gauss(2.0, 0.05) for _ in range(count)]) for _ in range(1_000)]
        assert math.sqrt(sum(fit * fit for fit in fits) / 1_000) == pytest.approx(
            0.05, rel=precision
        )


def test_one_process_that_went_wrong_does_not_double_the_spread() -> None:
    good = [[1.00, 1.02, 0.97], [1.04, 1.03, 1.05], [0.96, 0.99, 1.01]] * 3
    clean = summarise(good).sd_log
    spoilt = summarise([*good, [0.68, 0.70, 0.69]]).sd_log
    assert clean is not None
    assert spoilt is not None
    assert spoilt < 1.6 * clean
    assert stdev([math.log(value) for group in [*good, [0.68, 0.70, 0.69]] for value in group]) > (
        3.5 * clean
    )


def test_half_of_the_processes_that_differ_are_a_spread() -> None:
    two_kinds = summarise([[1.0, 1.01, 0.99], [1.3, 1.31, 1.29]] * 5)
    apart = math.log(1.3) / 2
    assert two_kinds.sd_log is not None
    assert apart < two_kinds.sd_log < 1.25 * apart


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=40), st.floats(-5, 5), st.floats(0.5, 2))
def test_a_spread_follows_its_samples_scale_and_not_their_place(
    values: list[float], offset: float, factor: float
) -> None:
    moved = robust_sd([value * factor + offset for value in values])
    assert moved == pytest.approx(robust_sd(values) * factor, rel=1e-2, abs=2e-3)


def test_samples_that_are_all_the_same_have_no_spread() -> None:
    assert robust_sd([0.7] * 10) == pytest.approx(0.0, abs=1e-9)
    assert robust_sd([0.7] * 9 + [1.0]) < 0.01


def test_a_sample_of_nothing_cannot_be_summarised() -> None:
    with pytest.raises(ValueError, match=r"math domain|positive"):
        summarise([[0.0]])


def test_few_samples_are_drawn_towards_the_suites_spread() -> None:
    assert shrunk_sd(0.02, 3, prior_sd=0.10) > 0.08
    assert shrunk_sd(0.02, 100, prior_sd=0.10) < 0.035
    assert shrunk_sd(None, 1, prior_sd=0.10) == 0.10


@given(st.floats(0, 1), st.integers(2, 50), st.floats(0.02, 1))
def test_a_shrunk_spread_lies_between_the_two(sd: float, samples: int, prior: float) -> None:
    shrunk = shrunk_sd(sd, samples, prior)
    assert min(sd, prior) * (1 - 1e-9) <= shrunk <= max(sd, prior) * (1 + 1e-9)


def test_runs_that_follow_each_other_never_average_out_completely() -> None:
    assert look_sd(0.1, 1) == pytest.approx(0.1)
    assert look_sd(0.1, 1_000_000) == pytest.approx(0.1 * math.sqrt(0.35), rel=1e-3)


def test_looks_whose_runs_lie_apart_are_worth_less_than_the_stored_spread_says() -> None:
    stored = Spread(centre_j=1.0, sd_log=0.05, samples=30, processes=10)
    calm, burst = [0.01, 0.02, 0.0, -0.01], [0.44, 0.41, 0.07, 0.30]
    assert sd_here(0.05, stored, [calm]) == 0.05
    assert sd_here(0.05, stored, [burst]) > 0.08
    assert sd_here(0.05, stored, [burst, burst]) > sd_here(0.05, stored, [burst, calm])


def test_looks_of_a_single_run_leave_the_spread_as_it_is() -> None:
    stored = Spread(centre_j=1.0, sd_log=0.05, samples=30, processes=10)
    assert sd_here(0.05, stored, [[0.3], [0.1]]) == 0.05


def test_more_processes_make_a_better_centre_than_more_runs_in_one() -> None:
    many_processes = Spread(centre_j=1.0, sd_log=0.1, samples=10, processes=10)
    many_runs = Spread(centre_j=1.0, sd_log=0.1, samples=10, processes=1)
    assert centre_error(0.1, many_processes) < centre_error(0.1, many_runs)


def test_looks_tell_the_spread_of_first_runs_that_are_few() -> None:
    look = Spread(centre_j=1.0, sd_log=0.03, samples=40, processes=10)
    alone = entry(Spread(centre_j=1.0))
    helped = entry(Spread(centre_j=1.0), look)
    assert first_sd(alone) == TYPICAL_SD
    assert first_sd(helped) == pytest.approx(sample_sd(look))
    assert first_sd(helped) < 0.08


def test_no_run_in_another_hour_is_as_steady_as_ten_within_minutes() -> None:
    steady = Spread(centre_j=1.0, sd_log=0.002, samples=1000, processes=1000)
    assert first_sd(entry(steady)) == LEAST_RUN_SD
    assert sample_sd(steady) == LEAST_RUN_SD


def test_the_suites_spread_is_that_of_its_usual_test() -> None:
    spreads = [
        Spread(centre_j=1.0, sd_log=sd, samples=10, processes=10) for sd in (0.05, 0.06, 0.9)
    ]
    assert suite_sd([entry(spread) for spread in spreads], 0.003) == 0.06
    assert suite_sd([], 0.003) == TYPICAL_SD


def test_looks_tell_the_suites_spread_where_there_are_any() -> None:
    first = Spread(centre_j=1.0, sd_log=0.2, samples=10, processes=10)
    assert suite_sd([entry(first, first._replace(sd_log=0.04))], 0.003) == 0.04


def test_what_is_not_gated_by_itself_says_nothing_about_the_suites_spread() -> None:
    """Six empty tests beside a single long one hid a rise of 50 % in it."""
    long = entry(Spread(centre_j=1.0, sd_log=0.04, samples=10, processes=10))
    empty = entry(Spread(centre_j=0.0001, sd_log=0.6, samples=10, processes=10))
    short = empty._replace(first=empty.first._replace(centre_j=1.0), is_short=True)
    assert suite_sd([long, *[empty] * 6, *[short] * 6], floor_j=0.003) == 0.04


def test_two_samples_say_nothing_about_the_suites_spread() -> None:
    few = Spread(centre_j=1.0, sd_log=0.5, samples=2, processes=2)
    assert suite_sd([entry(few)], 0.003) == TYPICAL_SD


def test_the_disk_moves_only_what_writes_to_it() -> None:
    plain = entry(Spread(centre_j=1.0))
    assert disk_drift(plain) == 0
    assert disk_drift(plain._replace(disk_share=0.5)) == pytest.approx(0.3)
