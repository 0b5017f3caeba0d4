"""Tests too short for the meter, gated together."""

from __future__ import annotations

import random
from math import log, sqrt

import pytest

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.confirm import verdict_by_looks
from pytest_carbon.gate.looks import Look
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.sums import (
    LEAST_TESTS,
    LEAST_TESTS_S,
    PYTEST_S,
    Part,
    as_one_entry,
    as_suspect,
    movers,
    policy_for_sums,
    subset,
)
from pytest_carbon.gate.verdict import Outcome, Verdict

# One run of 1 ms, corrected by edge probes (recorded: 0.10), of which a part is the moment's
# and the process's and falls on all tests of a file alike.
OWN_SD = 0.09
COMMON_SD = 0.045
BASE_J = 0.0016


def part(name: str, centre_j: float = BASE_J, now_j: float = BASE_J) -> Part:
    """A short test, of which only its centres are stored."""
    return Part(name=name, entry=short_entry(centre_j, centre_j), now_j=now_j)


def file_of(count: int, sd: float = 0.05) -> Entry:
    """What is stored of a whole file of short tests."""
    whole = Spread(centre_j=count * BASE_J, sd_log=sd, samples=10, processes=10)
    return Entry(first=whole, look=whole, cpu_s=0.1, wall_s=0.1)


def one_run(rng: random.Random, count: int, growth: float) -> list[float]:
    moment = rng.gauss(0, COMMON_SD)
    return [BASE_J * growth * 2.718 ** (moment + rng.gauss(0, OWN_SD)) for _ in range(count)]


def judge(rng: random.Random, count: int, growth: float, stored: Entry | None = None) -> Verdict:
    """Run a file of ``count`` tests, as the plugin would."""
    parts = [
        part(f"test_{index}", now_j=now_j)
        for index, now_j in enumerate(one_run(rng, count, growth))
    ]
    assert all(Bounds.of(one.entry, Policy()).is_too_small(one.now_j) for one in parts[:10])
    case = as_suspect(parts, Policy(), stored, suite_size=100)
    if not case.bounds.is_suspect(case.first_j):
        return Verdict(outcome=Outcome.OK, now_j=case.first_j)
    looks: list[Look] = []
    while True:
        verdict = verdict_by_looks(case, looks)
        if verdict is not None:
            return verdict
        totals_j = [sum(one_run(rng, count, growth)) for _ in range(5)]
        looks.append(Look(first_j=1.3 * totals_j[0], samples_j=tuple(totals_j[1:])))


def test_ten_thousand_tests_of_a_millisecond_that_grew_by_a_fifth_are_found() -> None:
    rng = random.Random(1)
    verdict = judge(rng, 10_000, 1.2)
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio == pytest.approx(1.2, abs=0.06)


def test_files_of_a_hundred_are_found_too_and_unchanged_ones_left_alone() -> None:
    rng = random.Random(2)
    grown = [judge(rng, 100, 1.2, file_of(100)).outcome for _ in range(100)]
    same = [judge(rng, 100, 1.0, file_of(100)).outcome for _ in range(300)]
    assert grown.count(Outcome.REGRESSED) >= 95
    assert Outcome.REGRESSED not in same


def test_without_a_sum_that_is_stored_most_are_found_all_the_same() -> None:
    """Short entries do not say how well they are known, and so count as runs of one process."""
    rng = random.Random(3)
    grown = [judge(rng, 100, 1.2).outcome for _ in range(200)]
    same = [judge(rng, 100, 1.0).outcome for _ in range(300)]
    # Of 600 of six seeds 93 % were, and 5 % passed as fine; with half as many looks 59 and 4 %.
    assert grown.count(Outcome.REGRESSED) >= 170
    assert grown.count(Outcome.OK) <= 16
    assert Outcome.REGRESSED not in same


def test_parts_of_which_nothing_else_is_known_scatter_as_the_suite_does() -> None:
    parts = [part(str(number)) for number in range(400)]
    usual, wide = (as_suspect(parts, Policy(), suite_sd=sd).bounds.entry for sd in (0.10, 0.20))
    for one, twice in ((usual.first, wide.first), (usual.look, wide.look)):
        assert one is not None
        assert twice is not None
        assert twice.sd_log == pytest.approx(2 * (one.sd_log or 0.0))


def test_the_spread_of_a_sum_in_figures() -> None:
    """Parts of 1 and 3 J that scatter by 0.1: of that variance 0.35 is shared."""
    spreads = [
        Spread(centre_j=centre_j, sd_log=0.1, samples=3 * processes, processes=processes)
        for centre_j, processes in ((1.0, 7), (3.0, 5))
    ]
    parts = [Part(name="", entry=Entry(first=one, look=one), now_j=1.0) for one in spreads]
    whole = as_one_entry(parts, suite_sd=0.1).first
    assert whole.centre_j == 4.0
    assert whole.sd_log == pytest.approx(0.1 * sqrt(0.35 + 0.65 * (1 + 9) / 16))
    assert (whole.samples, whole.processes) == (5, 5)


def test_a_sum_of_nothing_does_not_divide() -> None:
    assert as_one_entry([part("one", centre_j=0.0)]).first.sd_log == 0.0


def test_more_than_the_whole_file_scatters_as_that_does() -> None:
    """Its tests cost more by now than their sum did."""
    more = as_one_entry([part(str(number)) for number in range(8)], file_of(4, sd=0.03))
    assert more.first.sd_log == pytest.approx(0.03)
    nothing = file_of(0, sd=0.03)
    assert as_one_entry([part("one")], nothing).first.sd_log == pytest.approx(0.03)


def test_a_sum_of_parts_alone_scatters_less_than_they_do_but_keeps_what_they_share() -> None:
    parts = [part(str(number)) for number in range(400)]
    whole = as_one_entry(parts, suite_sd=0.10)
    assert whole.first.centre_j == pytest.approx(400 * BASE_J)
    assert whole.first.sd_log == pytest.approx(0.10 * 0.35**0.5, rel=0.05)
    alone = as_one_entry(parts[:1], suite_sd=0.10)
    assert alone.first.sd_log == pytest.approx(0.10)


def test_a_whole_file_has_the_spread_that_is_stored_for_it() -> None:
    stored = file_of(100, sd=0.03)._replace(anchor_j=0.1)
    whole = as_one_entry([part(str(number)) for number in range(100)], stored)
    assert whole.first.sd_log == pytest.approx(0.03)
    assert whole.first.processes == 10
    assert whole.anchor_j == 0.1


def test_a_quarter_of_a_file_scatters_twice_as_much() -> None:
    quarter = as_one_entry([part(str(number)) for number in range(25)], file_of(100, sd=0.03))
    assert quarter.first.centre_j == pytest.approx(25 * BASE_J)
    assert quarter.first.sd_log == pytest.approx(0.06)
    assert quarter.look is not None
    assert quarter.look.sd_log == pytest.approx(0.06)


def test_a_single_test_of_a_great_file_is_not_taken_to_scatter_endlessly() -> None:
    one = as_one_entry([part("one")], file_of(1_000_000, sd=0.03))
    assert one.first.sd_log == pytest.approx(0.3)


def test_a_sum_has_looks_only_where_each_part_has() -> None:
    without = Part(name="b", entry=short_entry(BASE_J), now_j=BASE_J)
    assert as_one_entry([part("a"), part("b")]).look is not None
    assert as_one_entry([part("a"), without]).look is None


def test_the_uncorrected_sum_lies_above_it_as_that_of_the_file() -> None:
    stored = file_of(100)
    stored = stored._replace(raw=stored.first._replace(centre_j=1.5 * stored.first.centre_j))
    half = as_one_entry([part(str(number)) for number in range(50)], stored)
    assert half.raw is not None
    assert half.raw.centre_j == pytest.approx(75 * BASE_J)


def test_a_sum_is_held_to_half_the_tolerance() -> None:
    """Then tests that all grew by just the tolerance are found, and not by chance."""
    assert policy_for_sums(Policy(tolerance=0.2)).tolerance == pytest.approx(0.1)
    case = as_suspect([part("a"), part("b", now_j=2 * BASE_J)], Policy(tolerance=0.3))
    assert case.bounds.policy.tolerance == pytest.approx(0.15)
    assert case.first_j == pytest.approx(3 * BASE_J)


def test_a_part_of_a_file_is_not_allowed_the_rise_that_the_whole_file_is() -> None:
    """Ten of forty tests that wait were allowed a third more, so that +40 % was no regression."""
    parts = [part(str(number), now_j=1.4 * BASE_J) for number in range(40)]
    # A third of what the file costs, which is more than the tolerance.
    floor = Policy(floor_j=40 * BASE_J / 3)
    thorough = floor.in_thorough_mode()._replace(own_rise_j=40 * BASE_J / 3)
    for policy in (floor, thorough):
        whole = as_suspect(parts, policy, file_of(40))
        assert whole.bounds.allowed_log == pytest.approx(log(4 / 3))
        some = as_suspect(parts[::4], policy, file_of(40), of_j=whole.bounds.centre_j)
        assert some.bounds.allowed_log == pytest.approx(log(4 / 3))
        # What costs more than it did as a whole is allowed no more than that.
        more = as_suspect(parts, policy, file_of(40), of_j=whole.bounds.centre_j / 2)
        assert more.bounds.allowed_log == pytest.approx(log(4 / 3))


def test_a_sum_of_parts_without_a_stored_one_has_what_they_have() -> None:
    raw = Spread(centre_j=2 * BASE_J, samples=1, processes=1)
    parts = [one._replace(entry=one.entry._replace(raw=raw)) for one in (part("a"), part("b"))]
    whole = as_one_entry(parts)
    assert whole.raw is not None
    assert whole.raw.centre_j == pytest.approx(4 * BASE_J)
    assert as_one_entry([*parts, part("c")]).raw is None, "of one it is not known"
    assert as_suspect(parts, Policy(), suite_size=7).suite_size == 7
    assert as_suspect(parts, Policy()).suite_size == 1
    quiet, wild = (as_one_entry(parts, suite_sd=sd).first.sd_log or 0.0 for sd in (0.1, 0.4))
    assert wild == pytest.approx(4 * quiet)


def test_the_tests_that_moved_most_are_named_first() -> None:
    nows = {"same": 0.0016, "most": 0.0026, "less": 0.0018, "fell": 0.0001}
    parts = [part(name, now_j=now_j) for name, now_j in nows.items()]
    assert [one.name for one in movers(parts)] == ["most", "less"]
    assert [one.name for one in movers(parts, count=1)] == ["most"]
    many = [part(str(number), now_j=2 * BASE_J) for number in range(9)]
    assert len(movers(many)) == 5


def test_a_subset_is_picked_all_over_the_file_and_takes_a_bounded_time() -> None:
    chosen = subset(range(10_000), lambda _: 0.001, most_s=0.5)
    takes_s = len(chosen) * (0.001 + PYTEST_S)
    assert 0.25 < takes_s <= 0.5
    assert chosen[0] == 0
    assert chosen[-1] > 9_900
    assert list(subset(range(7), lambda _: 0.001)) == list(range(7))


def test_of_tests_that_wait_ten_are_picked_and_fewer_of_those_that_wait_long() -> None:
    assert len(subset(range(40), lambda _: LEAST_TESTS_S / 20)) == LEAST_TESTS
    assert len(subset(range(12), lambda _: LEAST_TESTS_S / 20)) == 12
    assert len(subset(range(40), lambda _: LEAST_TESTS_S / 4)) == 4
    assert len(subset(range(40), lambda _: 60.0)) == 1
    assert subset([], lambda _: 1.0) == []
