"""Speed-corrected CPU time: means, corrections, sensitivities."""

from __future__ import annotations

import math
import random
from itertools import chain
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.speed.correction import (
    DEFAULT_SENSITIVITY,
    MIN_REFERENCE_PROBES,
    MIN_SENSITIVITY_PROCESSES,
    corrected_cpu_s,
    fit_sensitivity,
    mean_probe_ns,
    reference_probe_ns,
)
from pytest_carbon.speed.probe import SpeedReading

NOTHING = SpeedReading(0.0, 0.0, 0, 0.0)
PROBES = st.floats(2e3, 5e7)
SECONDS = st.floats(1e-6, 1e4)


def reading(*probes_ns: float, before_ns: float | None = None) -> SpeedReading:
    inverses = [1 / probe for probe in probes_ns]
    before = 1 / before_ns if before_ns else 0.0
    return SpeedReading(float(len(inverses)), sum(inverses), len(inverses), before)


def test_half_the_time_at_half_the_speed_gives_the_harmonic_mean() -> None:
    # In equal CPU times at 50 and at 100 µs the core does 1 and 0.5 of the work: 0.75.
    assert mean_probe_ns(NOTHING, reading(50e3, 100e3)) == pytest.approx(50e3 / 0.75)


def test_the_probe_before_a_short_test_speaks_for_it() -> None:
    start = reading(before_ns=80e3)
    assert mean_probe_ns(start, start) == pytest.approx(80e3)


def test_the_probe_before_counts_as_much_as_one_within() -> None:
    mean = mean_probe_ns(reading(before_ns=50e3), reading(100e3))
    assert mean == pytest.approx(50e3 / 0.75)


def test_a_measurement_that_no_probe_saw_has_no_speed() -> None:
    assert mean_probe_ns(NOTHING, NOTHING) is None


@pytest.mark.parametrize(
    "end",
    [
        SpeedReading(-1.0, 1e-5, 1, 0.0),
        SpeedReading(1.0, -1e-5, 1, 0.0),
        SpeedReading(1.0, math.nan, 1, 0.0),
        SpeedReading(math.inf, 1e-5, 1, 0.0),
        SpeedReading(1.0, 1e3, 1, 0.0),
    ],
)
def test_sums_that_cannot_be_are_not_believed(end: SpeedReading) -> None:
    assert mean_probe_ns(NOTHING, end) is None
    assert mean_probe_ns(reading(before_ns=70e3), end) == pytest.approx(70e3)


@given(st.lists(PROBES, min_size=1, max_size=50), PROBES)
def test_the_mean_lies_between_the_extremes(probes: list[float], before: float) -> None:
    mean = mean_probe_ns(reading(before_ns=before), reading(*probes))
    assert mean is not None
    assert min(*probes, before) * 0.999 <= mean <= max(*probes, before) * 1.001


@given(st.lists(PROBES, min_size=2, max_size=30), SECONDS)
def test_the_corrected_time_is_the_sum_of_its_parts(probes: list[float], slice_s: float) -> None:
    """At full sensitivity the parts of a test add up to the whole of it."""
    whole = corrected_cpu_s(
        slice_s * len(probes), mean_probe_ns(NOTHING, reading(*probes)), 60e3, 1.0
    )
    parts = sum(corrected_cpu_s(slice_s, probe, 60e3, 1.0) for probe in probes)
    assert whole == pytest.approx(parts)


def test_at_the_reference_speed_nothing_changes() -> None:
    assert corrected_cpu_s(2.0, 60e3, 60e3, 0.7) == pytest.approx(2.0)


def test_a_slow_core_has_its_time_reduced() -> None:
    assert corrected_cpu_s(2.0, 120e3, 60e3, 1.0) == pytest.approx(1.0)


def test_a_test_that_ignores_the_speed_is_left_alone() -> None:
    assert corrected_cpu_s(2.0, 120e3, 60e3, 0.0) == 2.0


@pytest.mark.parametrize(("probe", "reference"), [(None, 60e3), (60e3, None), (None, None)])
def test_an_unknown_speed_corrects_nothing(probe: float | None, reference: float | None) -> None:
    assert corrected_cpu_s(2.0, probe, reference, 0.9) == 2.0


@pytest.mark.parametrize(("probe", "reference"), [(0.0, 60e3), (60e3, -1.0)])
def test_a_probe_without_duration_is_refused(probe: float, reference: float) -> None:
    with pytest.raises(ValueError, match="a probe takes some time"):
        corrected_cpu_s(2.0, probe, reference, 0.9)


def test_the_reference_is_a_fast_core_but_not_the_luckiest_probe() -> None:
    probes = [50e3] + [60e3] * 99 + [110e3] * 100
    assert reference_probe_ns(probes) == 60e3


def test_too_few_probes_make_no_reference() -> None:
    assert reference_probe_ns([60e3] * (MIN_REFERENCE_PROBES - 1)) is None


Sample: TypeAlias = tuple[float, float]


def processes(
    exponent: float, count: int, noise: float = 0.03, slow: float = 1.8
) -> list[list[Sample]]:
    """Processes of three runs of a test each, on a machine with two speeds."""
    rng = random.Random(5)
    probes = [60e3 * rng.choice((1.0, slow)) for _ in range(count)]
    return [
        [((ns / 60e3) ** exponent * rng.lognormvariate(0, noise), ns) for _ in range(3)]
        for ns in probes
    ]


@pytest.mark.parametrize("exponent", [0.0, 0.45, 0.9, 1.3])
def test_many_processes_show_the_sensitivity(exponent: float) -> None:
    fit = fit_sensitivity(processes(exponent, 20))
    assert fit is not None
    assert fit.is_known
    assert fit.exponent == pytest.approx(exponent, abs=0.1)


def test_a_little_below_the_default_is_the_default_where_it_may_be_that() -> None:
    fit = fit_sensitivity(processes(0.75, 20, noise=0.15))
    assert fit is not None
    assert fit.is_known
    assert fit.exponent == DEFAULT_SENSITIVITY


def test_above_the_default_is_itself_as_far_as_it_is_known() -> None:
    noisy = fit_sensitivity(processes(1.2, 20, noise=0.15))
    assert noisy is not None
    assert DEFAULT_SENSITIVITY + 0.1 < noisy.exponent < 1.25


@pytest.mark.parametrize("exponent", [0.75, 1.15])
def test_nearly_the_default_is_itself_where_it_surely_is(exponent: float) -> None:
    fit = fit_sensitivity(processes(exponent, 20))
    assert fit is not None
    assert fit.exponent == pytest.approx(exponent, abs=0.03)


def test_a_slope_that_the_probes_error_may_have_flattened_is_the_default() -> None:
    """Two speeds near each other: the probe's error is a good part of how far they lie apart."""
    fit = fit_sensitivity(processes(0.8, 200, noise=0.005, slow=1.3))
    assert fit is not None
    assert fit.is_known
    assert fit.exponent == DEFAULT_SENSITIVITY


def test_eight_processes_are_enough_for_hashing_in_threads() -> None:
    fit = fit_sensitivity(processes(0.1, 8))
    assert fit is not None
    assert fit.is_known
    assert fit.exponent < 0.3


@pytest.mark.parametrize(("exponent", "is_known"), [(0.0, False), (0.5, False), (0.9, True)])
def test_what_surely_follows_the_speed_is_known_by_little(exponent: float, is_known: bool) -> None:
    """Though noise leaves more than half of the slope to the default."""
    fit = fit_sensitivity(processes(exponent, 10, noise=0.15, slow=1.4))
    assert fit is not None
    assert fit.weight < 0.5
    assert fit.is_known is is_known


def test_few_processes_give_no_sensitivity() -> None:
    assert fit_sensitivity(processes(0.9, MIN_SENSITIVITY_PROCESSES - 1)) is None


def test_many_runs_of_few_processes_are_no_more() -> None:
    assert fit_sensitivity([list(chain(*processes(0.0, 30)))]) is None


def test_runs_at_one_speed_leave_the_default_unproven() -> None:
    fit = fit_sensitivity([[(1.0 + i / 100, 60e3)] * 2 for i in range(20)])
    assert fit is not None
    assert not fit.is_known
    assert fit.exponent == DEFAULT_SENSITIVITY


@pytest.mark.parametrize(("cpu_s", "probe_sd"), [(0.2, 0.06), (0.02, 0.06), (0.001, 0.2)])
def test_the_probes_own_error_is_no_insensitivity(cpu_s: float, probe_sd: float) -> None:
    """A core that kept its speed: all that moved is the probe, and hardly the test."""
    rng = random.Random(7)
    steady = [
        [
            (cpu_s * rng.lognormvariate(0, 0.01), 60e3 * rng.lognormvariate(0, probe_sd))
            for _ in range(3)
        ]
        for _ in range(10)
    ]
    fit = fit_sensitivity(steady)
    assert fit is not None
    assert not fit.is_known


@pytest.mark.parametrize("bad", range(5))
def test_a_few_bad_probes_are_no_insensitivity(bad: int) -> None:
    """Each was disturbed, and the run beside it was not."""
    rng = random.Random(bad)
    steady = [
        [(0.02 * rng.lognormvariate(0, 0.01), 60e3 * rng.lognormvariate(0, 0.02)) for _ in range(3)]
        for _ in range(10)
    ]
    for process in rng.sample(steady, 1 + bad):
        cpu_s, ns = process[0]
        process[0] = cpu_s, ns * 1.9
    fit = fit_sensitivity(steady)
    assert fit is not None
    assert not fit.is_known


def test_runs_of_another_kind_tell_as_much_though_they_cost_more() -> None:
    repeats = processes(0.45, 4)
    firsts = [[(3.0 * cpu_s, ns)] for (cpu_s, ns), *_ in processes(0.45, 8)]
    fit = fit_sensitivity(repeats, firsts)
    assert fit is not None
    assert fit.is_known
    assert fit.exponent == pytest.approx(0.45, abs=0.15)
    assert fit_sensitivity(repeats) is None


def test_noisy_runs_stay_near_the_default() -> None:
    fit = fit_sensitivity(processes(0.0, 6, noise=0.6))
    assert fit is not None
    assert not fit.is_known


def test_runs_without_cpu_time_are_left_out() -> None:
    good = processes(1.0, 10)
    worse = [*good[:-1], [*good[-1], (0.0, 60e3), (1.0, 0.0)], [(0.0, 1.0)]]
    assert fit_sensitivity(worse) == fit_sensitivity(good)


@given(
    st.lists(st.lists(st.tuples(SECONDS, PROBES), max_size=4), max_size=12), st.floats(0.01, 100)
)
def test_another_kernel_gives_the_same_fit(samples: list[list[Sample]], factor: float) -> None:
    fit = fit_sensitivity(samples)
    scaled = fit_sensitivity([[(s, ns * factor) for s, ns in process] for process in samples])
    assert (fit is None) == (scaled is None)
    if fit and scaled:
        # Rounding may carry a fit over the border of what counts as the default.
        same = pytest.approx(fit.exponent, rel=1e-3, abs=1e-3)
        assert scaled.exponent == same or DEFAULT_SENSITIVITY in {fit.exponent, scaled.exponent}
        assert 0 <= fit.weight <= 1
