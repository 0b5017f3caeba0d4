"""The confirmation: one look may clear a suspect, several that agree convict it."""

from __future__ import annotations

from math import exp, expm1, hypot, log, sqrt
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.confirm import enough_j, open_verdict, verdict_by_looks
from pytest_carbon.gate.looks import Look, Suspect
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.spread import t_quantile
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = Policy(floor_j=0.0)
THOROUGH = POLICY.in_thorough_mode()


def entry(
    first_j: float = 1.0, look_j: float | None = 1.0, *, sd: float = 0.05, known: bool = True
) -> Entry:
    look = None
    if look_j is not None:
        look = Spread(centre_j=look_j, sd_log=sd, samples=30, processes=10)
    return Entry(
        first=Spread(centre_j=first_j, sd_log=sd, samples=10, processes=10),
        look=look,
        raw=Spread(centre_j=first_j, sd_log=0.2, samples=10, processes=10),
        cpu_s=0.02,
        wall_s=0.02,
        sensitivity=0.9 if known else None,
    )


def suspect(
    first_j: float = 1.3,
    test: Entry | None = None,
    policy: Policy = POLICY,
    *,
    suite_size: int = 100,
) -> Suspect:
    return Suspect(
        bounds=Bounds.of(test or entry(), policy, 0.05), first_j=first_j, suite_size=suite_size
    )


def confirm(
    case: Suspect,
    *,
    first: Callable[[int], float],
    later: Callable[[int], float] | None,
    raw: float | None = None,
    slowness: Callable[[int], float] | None = None,
    blocks_written: float = 0.0,
) -> Verdict:
    """Play a machine on which the first run and the later ones of look ``n`` cost this much.

    ``later`` is ``None`` for a test that cannot run twice in a process. ``raw`` is what later runs
    cost uncorrected, or they are corrected by 0.9 for the ``slowness`` of look ``n``.
    """
    looks: list[Look] = []
    for taken in range(case.bounds.policy.max_looks + 1):
        verdict = verdict_by_looks(case, looks)
        if verdict is not None:
            return verdict
        slow = exp(0.9 * slowness(taken)) if slowness else 1.0
        look = Look(first_j=first(taken), blocks_written=blocks_written)
        if later is not None:
            raw_j = later(taken) * slow if raw is None else raw
            look = look._replace(samples_j=(later(taken),) * 4, raw_j=(raw_j,) * 4)
        looks.append(look)
    pytest.fail("never ended")


def always(value: float) -> Callable[[int], float]:
    return lambda _: value


def test_one_good_look_clears_an_unlucky_first_run() -> None:
    verdict = confirm(suspect(1.16), first=always(1.0), later=always(1.02))
    assert verdict.outcome is Outcome.OK
    assert verdict.looks == 2, "the session and one look"
    assert verdict.ratio == pytest.approx(1.02), "the verdict tells what was found last"


def test_a_real_rise_is_convicted_by_two_looks_that_agree() -> None:
    verdict = confirm(suspect(1.5), first=always(1.5), later=always(1.5))
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio == pytest.approx(1.5)
    assert verdict.looks == 3
    assert verdict.reason == "2 fresh processes confirm it"
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.low < 1.5 < verdict.high


def test_a_conviction_in_figures() -> None:
    """All runs scatter by 0.05; four of them in a look share a third of their variance."""
    verdict = confirm(suspect(1.6), first=always(1.6), later=always(1.5))
    look_sd = 0.05 * sqrt(0.35 + 0.65 / 4)
    # Of ten processes with three runs each, in another hour.
    baseline_error = hypot(0.05 * sqrt(0.35 / 10 + 0.65 / 30), 0.05 * 0.05 / 0.15)
    error = hypot(look_sd / sqrt(2), baseline_error)
    assert verdict.now_j == pytest.approx(1.5), "what looks found, as first runs pay for more"
    assert (verdict.baseline_j, verdict.tolerance) == (1.0, 0.2)
    assert verdict.low == pytest.approx(1.5 * exp(-2.776 * error), rel=1e-4)
    assert verdict.high == pytest.approx(1.5 * exp(2.776 * error), rel=1e-4)
    assert verdict.limit_j == suspect().bounds.limit_j
    # 0.01 false alarms over 100 tests, a tenth of which gets so far, at eight looks.
    one = sqrt(0.01 / 10 / 8)
    seen_log = 1.5 * baseline_error + look_sd * (t_quantile(one) + 1.5)
    assert verdict.can_see == pytest.approx(expm1(max(seen_log, log(1.2) + 1.645 * error)))


def test_a_verdict_without_later_runs_in_figures() -> None:
    verdict = confirm(suspect(9.0), first=always(1.6), later=None)
    bounds = suspect(9.0).bounds
    assert verdict == Verdict(
        outcome=Outcome.INCONCLUSIVE,
        now_j=9.0,
        baseline_j=1.0,
        tolerance=0.2,
        limit_j=bounds.limit_j,
        can_see=bounds.can_see,
        looks=2,
        reason="the test cannot run twice in one process, "
        "and first runs alone are too noisy to decide",
    )


def test_two_looks_in_a_burst_convict_nobody() -> None:
    calm = Look(first_j=1.3, samples_j=(1.3, 1.28, 1.32, 1.3))
    convicted = verdict_by_looks(suspect(1.3), [calm, calm])
    assert convicted is not None
    assert convicted.outcome is Outcome.REGRESSED
    # The mean is the same.
    burst = calm._replace(samples_j=(1.56, 1.51, 1.04, 1.16))
    assert verdict_by_looks(suspect(1.3), [burst, burst]) is None


@pytest.mark.parametrize("rise", [1.25, 1.5, 3.0, 100.0])
def test_one_look_alone_never_convicts(rise: float) -> None:
    look = Look(first_j=rise, samples_j=(rise,) * 50)
    verdict = verdict_by_looks(suspect(rise), [look])
    assert verdict is None or not verdict.outcome.fails


def test_a_slow_moment_in_one_process_does_not_convict() -> None:
    slow_then_fine = lambda look: 2.0 if look < 1 else 1.0  # noqa: E731
    verdict = confirm(suspect(2.0), first=slow_then_fine, later=slow_then_fine)
    assert verdict.outcome is Outcome.OK


def test_one_process_that_finds_the_test_far_too_cheap_does_not_clear_it() -> None:
    low_once = lambda taken: 0.95 if taken == 1 else 1.4  # noqa: E731
    verdict = confirm(suspect(1.4), first=always(1.4), later=low_once)
    assert verdict.outcome is not Outcome.OK


def test_looks_that_disagree_to_the_end_are_inconclusive() -> None:
    to_and_fro = lambda taken: 1.02 if taken % 2 else 1.6  # noqa: E731
    verdict = confirm(suspect(1.5), first=to_and_fro, later=to_and_fro)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "fresh processes gave different answers"
    assert verdict.looks == 1 + POLICY.max_looks


def test_a_rise_within_the_tolerance_is_fine_once_all_looks_say_so() -> None:
    verdict = confirm(suspect(1.18), first=always(1.18), later=always(1.18))
    assert verdict.outcome is Outcome.OK
    assert verdict.looks <= 1 + POLICY.max_looks


def files(blocks_written: float | None = 320.0) -> Entry:
    """A test that writes 160 KiB to a disk, which is half of what it costs."""
    return entry()._replace(disk_share=0.5, blocks_written=blocks_written)


def test_a_disk_that_costs_more_by_now_is_no_regression() -> None:
    case = suspect(1.35, files())
    verdict = confirm(case, first=always(1.35), later=always(1.35), blocks_written=320)
    assert verdict.outcome is Outcome.OK
    assert verdict.reason == "the disk has become slower: the test writes no more than before"
    assert verdict.looks == 2, "one look is enough to see that"


def test_writing_more_to_the_disk_is_a_regression() -> None:
    for rise in (1.3, 1.5):
        case = suspect(rise, files())
        verdict = confirm(case, first=always(rise), later=always(rise), blocks_written=320 * rise)
        assert verdict.outcome is Outcome.REGRESSED
        unknown = suspect(rise, files(None))
        verdict = confirm(unknown, first=always(rise), later=always(rise))
        assert verdict.outcome is not Outcome.REGRESSED


@pytest.mark.parametrize(("more", "is_found"), [(1.15, False), (1.5, True)])
def test_noisy_files_are_convicted_where_far_more_is_written(more: float, is_found: bool) -> None:
    """Their hours differ by as much as their runs, which explains no more blocks."""
    noisy = entry(sd=0.15)._replace(disk_share=0.5, blocks_written=320.0)
    verdict = confirm(
        suspect(1.25, noisy), first=always(1.25), later=always(1.25), blocks_written=320 * more
    )
    assert (verdict.outcome is Outcome.REGRESSED) is is_found


def test_writing_more_that_costs_no_more_is_none() -> None:
    verdict = confirm(
        suspect(1.3, files()), first=always(1.05), later=always(1.05), blocks_written=640
    )
    assert verdict.outcome is Outcome.OK


def test_looks_that_cannot_decide_are_not_taken() -> None:
    """How much of a rise is the disk's hour, no number of looks would tell."""
    case = suspect(1.52, files())
    verdict = confirm(case, first=always(1.52), later=always(1.52), blocks_written=320)
    assert (verdict.outcome, verdict.looks) == (Outcome.INCONCLUSIVE, 3)
    verdict = confirm(
        suspect(9.0, files()), first=always(9.0), later=always(9.0), blocks_written=320
    )
    assert verdict.outcome is Outcome.REGRESSED, "no disk was ever seen to cost that"


def test_a_cost_that_only_the_first_run_pays_stays_open() -> None:
    """Alone in a process a first run also pays for what earlier tests had paid for."""
    verdict = confirm(suspect(1.6), first=always(1.6), later=always(1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "only the first run" in verdict.reason
    assert verdict.now_j == 1.6, "what the session's own run has cost"


def test_an_unlucky_first_run_and_good_ones_in_looks_are_fine() -> None:
    verdict = confirm(suspect(1.6), first=always(1.01), later=always(1.0))
    assert verdict.outcome is Outcome.OK


def test_a_garbage_collection_in_the_first_run_is_cleared_by_one_look() -> None:
    """It was seen to cost 28 times as much as the test."""
    verdict = confirm(suspect(28.0), first=always(1.0), later=always(1.0))
    assert (verdict.outcome, verdict.looks) == (Outcome.OK, 2)


def test_a_test_that_is_mostly_first_run_is_open_where_that_costs_more() -> None:
    cached = entry(first_j=68.0, look_j=1.0)
    verdict = confirm(suspect(150.0, cached), first=always(150.0), later=always(1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    verdict = confirm(suspect(150.0, cached), first=always(69.0), later=always(1.0))
    assert verdict.outcome is Outcome.OK


@pytest.mark.parametrize("now_j", [3.0, 250.0])
def test_a_test_that_is_mostly_first_run_is_convicted_by_its_later_runs(now_j: float) -> None:
    """What became costlier each time shows in all runs, whatever the first one pays besides."""
    test = entry(first_j=1.6, look_j=1.0)
    assert Bounds.of(test, POLICY).is_mostly_first
    risen = 0.6 + now_j
    verdict = confirm(suspect(risen, test), first=always(risen), later=always(now_j))
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.now_j == pytest.approx(risen), "the rise is told of the whole first run"


def test_what_costs_250_times_as_much_is_convicted_though_its_first_run_costs_half_more() -> None:
    test = entry(first_j=1.5, look_j=1.0)
    verdict = confirm(suspect(375.0, test), first=always(375.0), later=always(250.0))
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio is not None
    assert verdict.ratio > 100


def test_a_small_part_may_rise_by_what_the_whole_may() -> None:
    test = entry(first_j=68.0, look_j=1.0)
    verdict = confirm(suspect(120.0, test), first=always(69.0), later=always(2.0))
    assert verdict.outcome is Outcome.OK


def test_without_stored_looks_those_of_a_suspect_are_held_against_first_runs() -> None:
    case = suspect(1.6, entry(look_j=None))
    verdict = confirm(case, first=always(9), later=always(1.6))
    assert verdict.outcome is Outcome.REGRESSED
    verdict = confirm(case, first=always(1.0), later=always(0.9))
    assert verdict.outcome is Outcome.OK


@pytest.mark.parametrize(
    ("now_j", "outcome"),
    [(1.0, Outcome.OK), (1.6, Outcome.INCONCLUSIVE), (9.0, Outcome.INCONCLUSIVE)],
)
def test_a_test_that_cannot_run_twice_is_cleared_by_a_first_run_and_never_convicted(
    now_j: float, outcome: Outcome
) -> None:
    """What a first run pays for depends on what ran before it."""
    verdict = confirm(suspect(9.0), first=always(now_j), later=None)
    assert (verdict.outcome, verdict.looks) == (outcome, 2)
    assert ("cannot run twice" in verdict.reason) == (outcome is Outcome.INCONCLUSIVE)


def test_in_the_thorough_mode_one_first_run_clears_nobody_either() -> None:
    verdict = confirm(suspect(1.17, policy=THOROUGH), first=always(1.0), later=None)
    assert (verdict.outcome, verdict.looks) == (Outcome.OK, 3)


def test_looks_that_ran_a_test_once_do_not_hide_those_that_ran_it_more_often() -> None:
    twice, once = Look(first_j=1.5, samples_j=(1.5,) * 4), Look(first_j=1.5)
    assert verdict_by_looks(suspect(1.5), [twice, once]) is None
    verdict = verdict_by_looks(suspect(1.5), [twice, once, twice])
    assert verdict is not None
    assert verdict.outcome is Outcome.REGRESSED


def test_with_unknown_sensitivity_the_raw_figures_have_to_rise_too() -> None:
    case = suspect(1.6, entry(known=False))
    verdict = confirm(case, first=always(1.6), later=always(1.6), raw=1.05)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    verdict = confirm(case, first=always(1.6), later=always(1.6), raw=1.6)
    assert verdict.outcome is Outcome.REGRESSED


@pytest.mark.parametrize(
    ("known", "now_j", "outcome"),
    [
        pytest.param(True, 1.3, Outcome.REGRESSED, id="known"),
        pytest.param(True, 1.25, Outcome.INCONCLUSIVE, id="known, but not so well"),
        pytest.param(False, 1.3, Outcome.INCONCLUSIVE, id="it may only follow the core more"),
        pytest.param(False, 2.0, Outcome.REGRESSED, id="no test follows it so much"),
    ],
)
def test_on_a_slow_core_the_sensitivity_may_explain_a_rise(
    known: bool, now_j: float, outcome: Outcome
) -> None:
    case = suspect(now_j, entry(known=known))
    verdict = confirm(case, first=always(now_j), later=always(now_j), raw=1.7 * now_j)
    assert verdict.outcome is outcome


def at_changing_speeds(taken: int) -> float:
    return 0.4 if taken % 2 else 0.0


@pytest.mark.parametrize("off_by", [-0.2, 0.0, 0.1])
def test_looks_at_different_speeds_tell_a_rise_from_a_wrong_sensitivity(off_by: float) -> None:
    """Corrected by too much, every other look hides most of a rise of 16 %."""
    case = suspect(1.16, entry(sd=0.03), THOROUGH)
    cost = lambda taken: 1.16 * exp(off_by * at_changing_speeds(taken))  # noqa: E731
    verdict = confirm(case, first=always(1.16), later=cost, slowness=at_changing_speeds)
    assert verdict.outcome is Outcome.REGRESSED


def test_an_unchanged_test_that_follows_the_core_more_than_is_stored_is_not_convicted() -> None:
    def slowness(taken: int) -> float:
        return 0.5 if taken % 2 else 0.3

    def cost(taken: int) -> float:
        return exp(0.3 * slowness(taken))

    case = suspect(1.15, entry(sd=0.03), THOROUGH)
    verdict = confirm(case, first=always(1.15), later=cost, slowness=slowness)
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_an_open_verdict_says_what_could_be_seen_so_far() -> None:
    case = suspect(1.6)
    verdict = open_verdict(case, "out of confirm time", [Look(first_j=1.6, samples_j=(1.6,) * 4)])
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "out of confirm time"
    assert verdict.looks == 2
    assert verdict.can_see is not None
    assert verdict.can_see > 0.2


def test_an_open_verdict_without_any_look_tells_the_sessions_own_run() -> None:
    verdict = open_verdict(suspect(1.6), "it cannot be run again")
    assert (verdict.now_j, verdict.baseline_j, verdict.looks) == (1.6, 1.0, 1)
    assert (verdict.low, verdict.high) == (None, None)


def test_a_larger_suite_needs_stronger_evidence() -> None:
    noisy = entry(sd=0.12)
    small = confirm(suspect(1.7, noisy, suite_size=1), first=always(1.7), later=always(1.7))
    large = confirm(suspect(1.7, noisy, suite_size=100_000), first=always(1.7), later=always(1.7))
    assert small.outcome is Outcome.REGRESSED
    assert large.looks > small.looks


def test_the_thorough_mode_finds_what_the_default_lets_pass() -> None:
    quiet = entry(sd=0.03)
    found = confirm(suspect(1.14, quiet, THOROUGH), first=always(1.14), later=always(1.14))
    passed = confirm(suspect(1.14, quiet), first=always(1.14), later=always(1.14))
    assert (found.outcome, passed.outcome) == (Outcome.REGRESSED, Outcome.OK)


def test_in_the_thorough_mode_a_single_look_clears_nobody() -> None:
    """One process in 200 finds a test 14 % too cheap, which is what is looked for."""
    case = suspect(1.17, entry(sd=0.03), THOROUGH)
    found = confirm(case, first=always(1.17), later=lambda taken: 1.0 if taken == 0 else 1.17)
    assert found.outcome is Outcome.REGRESSED
    cleared = confirm(case, first=always(1.0), later=lambda taken: 1.17 if taken < 1 else 1.0)
    assert cleared.outcome is Outcome.OK
    unchanged = confirm(case, first=always(1.0), later=always(1.0))
    assert (unchanged.outcome, unchanged.looks) == (Outcome.OK, 3)


def test_the_thorough_mode_looks_on_where_the_rise_is_close_to_the_tolerance() -> None:
    case = suspect(1.15, entry(sd=0.03), THOROUGH)
    low_at_first = confirm(
        case, first=always(1.14), later=lambda taken: 1.07 if taken < 1 else 1.14
    )
    assert low_at_first.outcome is Outcome.REGRESSED
    for rise, looks in ((1.07, 21), (1.03, 3)):
        alike = case._replace(first_j=rise)
        verdict = confirm(alike, first=always(rise), later=always(rise))
        assert (verdict.outcome, verdict.looks) == (Outcome.OK, looks)


def test_looks_end_where_no_further_one_could_lift_a_test_above_the_tolerance() -> None:
    """The drift of its disk keeps a test from being cleared, however often it is looked at."""
    drifting = entry(sd=0.03)._replace(disk_share=0.3)
    case = suspect(1.0, drifting, THOROUGH)
    verdict = confirm(case, first=always(1.0), later=always(1.0))
    assert (verdict.outcome, verdict.looks) == (Outcome.OK, 3)
    assert verdict.reason == "within the tolerance on average over all fresh processes"
    assert verdict.can_see is not None
    assert verdict.can_see > 0.3, "what its disk hides is said"


def test_the_thorough_mode_tells_of_tests_that_fell() -> None:
    case = suspect(1.0, policy=THOROUGH)
    verdict = confirm(case, first=always(0.5), later=always(0.5))
    assert verdict.outcome is Outcome.IMPROVED


def test_a_baseline_of_nothing_is_inconclusive() -> None:
    verdict = confirm(suspect(1.0, entry(first_j=0.0)), first=always(1.0), later=always(1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "--carbon-update=all" in verdict.reason


def test_a_first_look_may_end_as_soon_as_its_samples_clear_the_suspect() -> None:
    limits = enough_j(suspect(1.16), 4)
    assert len(limits) == 4
    assert list(limits) == sorted(limits), "more samples know more, and may lie closer"
    for count, limit_j in enumerate(limits, 1):
        below = Look(first_j=limit_j * 0.99, samples_j=(limit_j * 0.99,) * count)
        above = Look(first_j=limit_j * 1.01, samples_j=(limit_j * 1.01,) * count)
        verdict = verdict_by_looks(suspect(1.16), [below])
        assert verdict is not None
        assert verdict.outcome is Outcome.OK
        assert verdict_by_looks(suspect(1.16), [above]) is None


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(suspect(1.16, policy=THOROUGH), id="the thorough mode needs two looks"),
        pytest.param(suspect(2.0, entry(first_j=1.6)), id="later runs say little of the first"),
        pytest.param(suspect(1.0, entry(0.0, 0.0)), id="nothing is relative to 0 J"),
    ],
)
def test_no_look_ends_early_where_one_cannot_clear(case: Suspect) -> None:
    assert enough_j(case, 4) == ()


samples = st.floats(0, 100)
any_look = st.builds(
    Look,
    samples_j=st.lists(samples, max_size=6).map(tuple),
    raw_j=st.lists(samples, max_size=6).map(tuple),
    first_j=samples,
)


# A sample of next to nothing, corrected from one of something.
NEXT_TO_NOTHING = Look(first_j=0.0, samples_j=(0.0, 5e-324), raw_j=(0.0, 1.0))


@given(looks=st.lists(any_look, max_size=20), thorough=st.booleans())
@example(looks=[NEXT_TO_NOTHING] * 4, thorough=False)
def test_any_history_is_answered_and_ends(looks: list[Look], thorough: bool) -> None:
    policy = THOROUGH if thorough else POLICY
    verdict = verdict_by_looks(suspect(1.5, entry(known=False), policy), looks)
    if len(looks) >= policy.max_looks:
        assert verdict is not None, "a bounded number of looks"
    if verdict is None:
        return
    if verdict.low is not None and verdict.high is not None:
        assert verdict.ratio is not None
        assert verdict.low <= verdict.ratio * (1 + 1e-9)
        assert verdict.ratio <= verdict.high * (1 + 1e-9)
    if verdict.outcome.fails:
        assert len(looks) >= 2


SEVERITY = [Outcome.IMPROVED, Outcome.OK, Outcome.INCONCLUSIVE, Outcome.REGRESSED]


@given(st.floats(0.5, 3), st.floats(1, 2), st.floats(0.01, 0.3), st.booleans(), st.booleans())
def test_more_energy_is_never_judged_more_mildly(
    rise: float, factor: float, sd: float, thorough: bool, runs_twice: bool
) -> None:
    def outcome(level: float) -> Outcome:
        case = suspect(level, entry(sd=sd), THOROUGH if thorough else POLICY)
        later = always(level) if runs_twice else None
        return confirm(case, first=always(level), later=later).outcome

    assert SEVERITY.index(outcome(rise)) <= SEVERITY.index(outcome(rise * factor))


@given(st.floats(0.8, 2), st.floats(0.05, 0.5), st.floats(0, 0.5), st.floats(0.02, 0.2))
def test_more_tolerance_never_makes_more_regressions(
    rise: float, tolerance: float, more: float, sd: float
) -> None:
    def regressed(allowed: float) -> bool:
        case = suspect(rise, entry(sd=sd), Policy(tolerance=allowed, floor_j=0.0))
        return confirm(case, first=always(rise), later=always(rise)).outcome.fails

    if regressed(tolerance + more):
        assert regressed(tolerance)


@given(st.floats(0.8, 2), st.sampled_from([2.0**power for power in range(-20, 20)]))
def test_units_do_not_matter(rise: float, unit: float) -> None:
    def outcome(scale: float) -> Outcome:
        case = suspect(rise * scale, entry(scale, scale))
        cost = always(rise * scale)
        return confirm(case, first=cost, later=cost).outcome

    assert outcome(1.0) is outcome(unit)
