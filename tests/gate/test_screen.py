"""How close to its baseline a first run may come."""

from __future__ import annotations

from math import log1p, sqrt
from statistics import NormalDist

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import SCREEN_SDS
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.screen import CLOSE_SCREEN_SDS, screen_sds
from pytest_carbon.measurement import Kind, Subject


def entry(sd: float, wall_s: float = 0.1) -> Entry:
    first = Spread(centre_j=0.1, sd_log=sd, samples=10, processes=10)
    look = Spread(centre_j=0.1, sd_log=sd, samples=30, processes=10)
    return Entry(first=first, look=look, wall_s=wall_s)


def suite(*tests: Entry, short_s: float = 0.0) -> dict[Subject, Entry]:
    """The baselines of these tests, and of a file of short ones that take so long together."""
    entries = {Subject(Kind.TEST, f"a.py::test_{n}"): test for n, test in enumerate(tests)}
    return {**entries, Subject(Kind.FILE, "b.py"): entry(0.05, short_s)}


def test_it_sits_close_where_few_unchanged_tests_are_measured_again_for_that() -> None:
    steady = [entry(0.05)] * 20
    assert screen_sds(suite(*steady, entry(0.2)), Policy(), 0.05) == CLOSE_SCREEN_SDS


def test_on_a_noisy_machine_it_keeps_its_distance() -> None:
    assert screen_sds(suite(*[entry(0.2)] * 20), Policy(), 0.2) == SCREEN_SDS


@pytest.mark.parametrize(("wall_s", "sds"), [(0.1, CLOSE_SCREEN_SDS), (5.0, SCREEN_SDS)])
def test_what_counts_is_the_time_that_looks_take(wall_s: float, sds: float) -> None:
    """One noisy test of 21 that are otherwise steady: short, or longer than all others."""
    steady = [entry(0.05)] * 20
    assert screen_sds(suite(*steady, entry(0.3, wall_s)), Policy(), 0.05) == sds


def test_short_tests_are_part_of_the_time() -> None:
    noisy = suite(entry(0.2, wall_s=1.0))
    assert screen_sds(noisy, Policy(), 0.2) == SCREEN_SDS
    assert screen_sds(suite(entry(0.2, wall_s=1.0), short_s=9.0), Policy(), 0.2) == CLOSE_SCREEN_SDS


@pytest.mark.parametrize(("part", "sds"), [(0.99, SCREEN_SDS), (1.01, CLOSE_SCREEN_SDS)])
def test_what_noise_makes_suspect_in_figures(part: float, sds: float) -> None:
    """One test that scatters by 0.1, in a suite that takes so long that it is just 8 % of it."""
    sd = 0.1 * sqrt(1.1)
    limit_log = log1p(1.5 * 0.2) - 1.8 * sd
    again_s = 1 - NormalDist().cdf(limit_log / sd)
    whole_s = part * again_s / 0.08
    entries = suite(entry(0.1, wall_s=1.0), short_s=whole_s - 1.0)
    assert screen_sds(entries, Policy(), 0.1) == sds


def test_a_baseline_of_nothing_takes_no_look() -> None:
    nothing = entry(0.05)._replace(first=Spread(centre_j=0.0, samples=10, processes=10))
    assert screen_sds(suite(nothing, *[entry(0.05)] * 20), Policy(), 0.05) == CLOSE_SCREEN_SDS


def test_the_thorough_mode_has_no_screen() -> None:
    steady = suite(*[entry(0.05)] * 20)
    assert screen_sds(steady, Policy().in_thorough_mode(), 0.05) == SCREEN_SDS


@pytest.mark.parametrize("entries", [{}, {Subject(Kind.FILE, "b.py"): entry(0.05)}])
def test_without_tests_to_gate_nothing_is_asked(entries: dict[Subject, Entry]) -> None:
    assert screen_sds(entries, Policy(), 0.05) == SCREEN_SDS
