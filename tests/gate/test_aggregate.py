"""Tests too short for the meter, gated together."""

from __future__ import annotations

import random

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.aggregate import Part, as_one_entry, as_suspect, movers, subset
from pytest_carbon.gate.confirm import next_step
from pytest_carbon.gate.looks import FreshProcess, Look
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.screen import is_suspect, is_too_small
from pytest_carbon.gate.verdict import Outcome, Verdict

# One run of 1 ms, corrected by edge probes (recorded: 0.10), of which a part is the moment's
# and the process's and falls on all tests of a file alike.
OWN_SD = 0.09
COMMON_SD = 0.045
BASE_J = 0.0016


def entry(centre_j: float, *, known: bool = True) -> Entry:
    return Entry(
        first=Spread(centre_j=centre_j, sd_log=0.10, samples=10, processes=10),
        repeats=Spread(centre_j=centre_j, sd_log=0.10, samples=30, processes=10),
        cpu_s=0.001,
        wall_s=0.001,
        raw=Spread(centre_j=centre_j * 1.5, sd_log=0.2, samples=10, processes=10),
        sensitivity=0.9 if known else None,
    )


def one_run(rng: random.Random, count: int, growth: float) -> list[float]:
    moment = rng.gauss(0, COMMON_SD)
    return [BASE_J * growth * 2.718 ** (moment + rng.gauss(0, OWN_SD)) for _ in range(count)]


def judge(rng: random.Random, count: int, growth: float) -> Verdict:
    """Run a file of ``count`` tests, as the plugin would."""
    parts = [
        Part(name=f"test_{index}", entry=entry(BASE_J), now_j=now_j)
        for index, now_j in enumerate(one_run(rng, count, growth))
    ]
    assert all(is_too_small(part.now_j, part.entry, Policy()) for part in parts[:10])
    case = as_suspect(parts, Policy(), suite_size=100)
    if not is_suspect(case.first_j, case.entry, case.policy, case.suite_sd):
        return Verdict(outcome=Outcome.OK, now_j=case.first_j)
    looks: list[Look] = []
    while True:
        step = next_step(case, looks, 0.0)
        if isinstance(step, Verdict):
            return step
        fresh = isinstance(step, FreshProcess)
        passes = step.repeats if isinstance(step, FreshProcess) else step.count
        totals_j = [sum(one_run(rng, count, growth)) for _ in range(passes)]
        looks.append(Look(samples_j=tuple(totals_j), first_j=totals_j[0] * 1.3 if fresh else None))


def test_ten_thousand_tests_of_a_millisecond_that_grew_by_a_fifth_are_found() -> None:
    rng = random.Random(1)
    verdict = judge(rng, 10_000, 1.2)
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio == pytest.approx(1.2, abs=0.06)


def test_files_of_a_hundred_are_found_too_and_unchanged_ones_left_alone() -> None:
    rng = random.Random(2)
    grown = [judge(rng, 100, 1.2).outcome for _ in range(100)]
    same = [judge(rng, 100, 1.0).outcome for _ in range(300)]
    assert grown.count(Outcome.REGRESSED) >= 95
    assert Outcome.REGRESSED not in same


def test_a_sum_scatters_less_than_its_parts_but_keeps_what_they_share() -> None:
    parts = [Part(name=str(n), entry=entry(BASE_J), now_j=BASE_J) for n in range(400)]
    whole = as_one_entry(parts)
    assert whole.first.centre_j == pytest.approx(400 * BASE_J)
    assert whole.first.sd_log == pytest.approx(0.10 * 0.35**0.5, rel=0.05)
    alone = as_one_entry(parts[:1])
    assert alone.first.sd_log == pytest.approx(0.10)


def test_the_tests_that_moved_most_are_named_first() -> None:
    nows = {"same": 0.0016, "most": 0.0026, "less": 0.0018, "fell": 0.0001}
    parts = [Part(name=name, entry=entry(BASE_J), now_j=now_j) for name, now_j in nows.items()]
    assert [part.name for part in movers(parts)] == ["most", "less"]
    assert [part.name for part in movers(parts, count=1)] == ["most"]


def test_a_subset_is_picked_all_over_the_file_and_takes_a_bounded_time() -> None:
    tests = range(10_000)
    chosen = subset(tests, lambda _: 0.001, most_s=0.5)
    assert len(chosen) == 500
    assert (chosen[0], chosen[-1]) == (0, 9_980)
    assert list(subset(range(7), lambda _: 0.001)) == list(range(7))


def test_a_sum_is_trusted_where_most_of_it_has_a_known_sensitivity() -> None:
    known = Part(name="a", entry=entry(2 * BASE_J), now_j=BASE_J)
    unknown = Part(name="b", entry=entry(BASE_J, known=False), now_j=BASE_J)
    assert as_one_entry([known, unknown]).sensitivity is not None
    assert as_one_entry([unknown]).sensitivity is None
