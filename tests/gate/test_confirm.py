"""The confirmation: repeats clear, fresh processes convict."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.confirm import Step, next_step
from pytest_carbon.gate.looks import FreshProcess, Look, Repeat, Suspect
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.screen import is_mostly_first
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = Policy(floor_j=0.0)


def entry(
    first_j: float = 1.0,
    repeats_j: float | None = 1.0,
    *,
    sd: float = 0.05,
    wall_s: float = 0.02,
    known: bool = True,
) -> Entry:
    repeats = None
    if repeats_j is not None:
        repeats = Spread(centre_j=repeats_j, sd_log=sd, samples=30, processes=10)
    return Entry(
        first=Spread(centre_j=first_j, sd_log=sd, samples=10, processes=10),
        repeats=repeats,
        raw=Spread(centre_j=first_j, sd_log=0.2, samples=10, processes=10),
        cpu_s=wall_s,
        wall_s=wall_s,
        sensitivity=0.9 if known else None,
    )


def suspect(
    first_j: float = 1.3,
    test: Entry | None = None,
    policy: Policy = POLICY,
    *,
    suite_size: int = 100,
    fresh_processes: bool = True,
) -> Suspect:
    return Suspect(
        entry=test or entry(),
        first_j=first_j,
        policy=policy,
        suite_sd=0.05,
        suite_size=suite_size,
        fresh_processes=fresh_processes,
    )


def confirm(
    case: Suspect,
    *,
    first: Callable[[int], float],
    repeat: Callable[[int], float],
    raw: float | None = None,
    slowness: Callable[[int], float] | None = None,
    seconds_a_look: float = 1.0,
    blocks_written: float = 0.0,
) -> tuple[Verdict, list[Step]]:
    """Play a machine on which the first run and the repeats of look ``n`` cost this much.

    ``raw`` is what repeats cost uncorrected, or they are corrected by 0.9 for the ``slowness`` of
    look ``n``.
    """
    looks: list[Look] = []
    steps: list[Step] = []
    for taken in range(100):
        step = next_step(case, looks, taken * seconds_a_look)
        steps.append(step)
        if isinstance(step, Verdict):
            return step, steps
        fresh = isinstance(step, FreshProcess)
        count = step.repeats if isinstance(step, FreshProcess) else step.count
        slow = exp(0.9 * slowness(taken)) if slowness else 1.0
        looks.append(
            Look(
                samples_j=(repeat(taken),) * count,
                raw_j=(repeat(taken) * slow if raw is None else raw,) * count,
                first_j=first(taken) if fresh else None,
                blocks_written=blocks_written,
            )
        )
    pytest.fail("never ended")


def always(value: float) -> Callable[[int], float]:
    return lambda _: value


def test_two_good_repeats_clear_an_unlucky_first_run() -> None:
    verdict, steps = confirm(suspect(1.16), first=always(1.0), repeat=always(1.02))
    assert steps[:1] == [Repeat(count=2)]
    assert len(steps) == 2
    assert verdict.outcome is Outcome.OK
    assert verdict.looks == 1


def test_a_real_rise_is_convicted_by_fresh_processes_that_agree() -> None:
    verdict, steps = confirm(suspect(1.5), first=always(1.5), repeat=always(1.5))
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio == pytest.approx(1.5)
    assert verdict.looks == 3
    assert "2 fresh processes agree" in verdict.reason
    fresh = [step for step in steps if isinstance(step, FreshProcess)]
    assert len(fresh) == 2
    assert [step.after_s for step in fresh] == [0.0, 2.0], "looks lie some seconds apart"


def test_a_slow_moment_in_one_process_does_not_convict() -> None:
    slow_then_fine = lambda look: 2.0 if look < 1 else 1.0  # noqa: E731
    verdict, _ = confirm(suspect(2.0), first=slow_then_fine, repeat=slow_then_fine)
    assert verdict.outcome is Outcome.OK
    assert verdict.looks == 2


def test_one_process_that_finds_the_test_far_too_cheap_does_not_clear_it() -> None:
    verdict, steps = confirm(
        suspect(1.4), first=always(1.4), repeat=lambda taken: 0.95 if taken == 4 else 1.4
    )
    assert [type(step) for step in steps[3:5]] == [FreshProcess, FreshProcess]
    assert verdict.outcome is not Outcome.OK


def files(blocks_written: float | None = 320.0) -> Entry:
    """A test that writes 160 KiB to a disk, which is half of what it costs."""
    return replace(entry(), disk_share=0.5, blocks_written=blocks_written)


def test_a_disk_that_costs_more_by_now_is_no_regression() -> None:
    case = suspect(1.35, files())
    verdict, steps = confirm(case, first=always(1.35), repeat=always(1.35), blocks_written=320)
    assert verdict.outcome is Outcome.OK
    assert verdict.reason == "the disk costs more by now: the test writes no more than it did"
    assert len(steps) == 2, "two repeats are enough to see that"


def test_writing_more_to_the_disk_is_a_regression() -> None:
    for rise in (1.3, 1.5):
        case = suspect(rise, files())
        verdict, _ = confirm(
            case, first=always(rise), repeat=always(rise), blocks_written=320 * rise
        )
        assert verdict.outcome is Outcome.REGRESSED
        unknown = suspect(rise, files(None))
        verdict, _ = confirm(unknown, first=always(rise), repeat=always(rise))
        assert verdict.outcome is not Outcome.REGRESSED


def test_writing_more_that_costs_no_more_is_none() -> None:
    verdict, _ = confirm(
        suspect(1.3, files()), first=always(1.05), repeat=always(1.05), blocks_written=640
    )
    assert verdict.outcome is Outcome.OK


def test_looks_that_cannot_decide_are_not_taken() -> None:
    """How much of a rise is the disk's hour, no number of looks would tell."""
    case = suspect(1.52, files())
    verdict, steps = confirm(case, first=always(1.52), repeat=always(1.52), blocks_written=320)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert len([step for step in steps if isinstance(step, FreshProcess)]) == 1
    verdict, _ = confirm(
        suspect(9.0, files()), first=always(9.0), repeat=always(9.0), blocks_written=320
    )
    assert verdict.outcome is Outcome.REGRESSED, "no disk was ever seen to cost that"


def test_a_collection_that_fell_into_the_first_run_is_no_cost_of_first_runs() -> None:
    case = replace(suspect(3.0), collected=True)
    verdict, steps = confirm(case, first=always(1.0), repeat=always(1.0))
    assert verdict.outcome is Outcome.OK
    assert not any(isinstance(step, FreshProcess) for step in steps)


@pytest.mark.parametrize("rise", [1.25, 1.5, 3.0, 100.0])
def test_repeats_in_a_row_alone_never_convict(rise: float) -> None:
    looks = [Look(samples_j=(rise,) * count) for count in (2, 3, 6, 50, 50)]
    for taken in range(len(looks) + 1):
        step = next_step(suspect(rise), looks[:taken], 0.0)
        assert not (isinstance(step, Verdict) and step.outcome.fails)


def test_runs_alone_are_held_against_runs_alone() -> None:
    """What earlier tests leave behind makes a run cheaper or costlier than one alone."""
    alone = Spread(centre_j=2.0, sd_log=0.05, samples=32, processes=8)
    known = replace(entry(), alone=alone, alone_first=replace(alone, centre_j=3.0))
    verdict, _ = confirm(suspect(2.0, known), first=always(3.0), repeat=always(2.0))
    assert verdict.outcome is Outcome.OK
    rows_up = lambda n: 1.5 if n < 1 else 3.0  # noqa: E731
    verdict, _ = confirm(suspect(1.5, known), first=always(4.5), repeat=rows_up)
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio == pytest.approx(1.5)


def test_a_first_run_alone_convicts_where_such_runs_are_stored() -> None:
    alone = Spread(centre_j=1.2, sd_log=0.05, samples=8, processes=8)
    known = replace(entry(), alone=replace(alone, centre_j=1.0), alone_first=alone)
    verdict, _ = confirm(suspect(3.0, known), first=always(3.6), repeat=always(1.0))
    assert verdict.outcome is Outcome.REGRESSED
    assert "its first run" in verdict.reason
    verdict, _ = confirm(suspect(1.6, known), first=always(1.9), repeat=always(1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "less than imports vary" in verdict.reason
    verdict, _ = confirm(suspect(1.6, known), first=always(1.2), repeat=always(1.0))
    assert verdict.outcome is Outcome.OK


def test_a_cost_that_only_the_first_run_pays_is_looked_at_and_stays_open() -> None:
    """Alone in a process a first run also pays for what earlier tests had paid for."""
    verdict, steps = confirm(suspect(1.6), first=always(1.6), repeat=always(1.0))
    assert FreshProcess(repeats=0, after_s=0.0) in steps
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "only its first run" in verdict.reason


def test_that_needs_fresh_processes() -> None:
    case = suspect(1.6, fresh_processes=False)
    verdict, _ = confirm(case, first=always(1.6), repeat=always(1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "only its first run" in verdict.reason


def test_an_unlucky_first_run_and_good_fresh_ones_are_fine() -> None:
    verdict, _ = confirm(suspect(1.6), first=always(1.01), repeat=always(1.0))
    assert verdict.outcome is Outcome.OK


def test_a_test_that_is_mostly_first_run_goes_to_fresh_processes_at_once() -> None:
    cached = entry(first_j=68.0, repeats_j=1.0)
    verdict, steps = confirm(suspect(100.0, cached), first=always(100.0), repeat=always(1.0))
    assert isinstance(steps[0], FreshProcess)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    verdict, _ = confirm(suspect(100.0, cached), first=always(69.0), repeat=always(1.0))
    assert verdict.outcome is Outcome.OK


@pytest.mark.parametrize("now_j", [3.0, 300.0])
def test_a_test_that_is_mostly_first_run_is_convicted_by_its_repeats_too(now_j: float) -> None:
    """What became costlier each time shows in all runs, whatever the first one pays besides."""
    test = entry(first_j=1.6, repeats_j=1.0)
    assert is_mostly_first(test)
    risen = 0.6 + now_j
    verdict, _ = confirm(suspect(risen, test), first=always(risen), repeat=always(now_j))
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.now_j == pytest.approx(risen), "the rise is told of the whole first run"


def test_a_small_part_may_rise_by_what_the_whole_may() -> None:
    test = entry(first_j=68.0, repeats_j=1.0)
    verdict, _ = confirm(suspect(120.0, test), first=always(69.0), repeat=always(2.0))
    assert verdict.outcome is Outcome.OK


def test_without_stored_repeats_those_of_a_suspect_are_held_against_first_runs() -> None:
    case = suspect(1.6, entry(repeats_j=None))
    verdict, _ = confirm(case, first=always(9), repeat=always(1.6))
    assert verdict.outcome is Outcome.REGRESSED
    verdict, _ = confirm(case, first=always(1.0), repeat=always(0.9))
    assert verdict.outcome is Outcome.OK


def test_without_fresh_processes_later_looks_decide_and_more_of_them() -> None:
    case = suspect(1.6, fresh_processes=False)
    verdict, steps = confirm(case, first=always(1.6), repeat=always(1.6))
    later = [step for step in steps if isinstance(step, Repeat) and step.after_s > 0]
    assert len(later) == 3
    assert verdict.outcome is Outcome.REGRESSED
    assert "in one process" in verdict.reason


def test_with_unknown_sensitivity_the_raw_figures_have_to_rise_too() -> None:
    case = suspect(1.6, entry(known=False))
    verdict, _ = confirm(case, first=always(1.6), repeat=always(1.6), raw=1.05)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    verdict, _ = confirm(case, first=always(1.6), repeat=always(1.6), raw=1.6)
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
    verdict, _ = confirm(case, first=always(now_j), repeat=always(now_j), raw=1.7 * now_j)
    assert verdict.outcome is outcome


def at_changing_speeds(taken: int) -> float:
    return 0.4 if taken % 2 else 0.0


@pytest.mark.parametrize("off_by", [-0.2, 0.0, 0.1])
def test_looks_at_different_speeds_tell_a_rise_from_a_wrong_sensitivity(off_by: float) -> None:
    """Corrected by too much, every other look hides most of a rise of 16 %."""
    case = suspect(1.16, entry(sd=0.03), POLICY.in_thorough_gear())
    cost = lambda taken: 1.16 * exp(off_by * at_changing_speeds(taken))  # noqa: E731
    verdict, _ = confirm(case, first=always(1.16), repeat=cost, slowness=at_changing_speeds)
    assert verdict.outcome is Outcome.REGRESSED


def test_an_unchanged_test_that_follows_the_core_more_than_is_stored_is_not_convicted() -> None:
    def slowness(taken: int) -> float:
        return 0.5 if taken % 2 else 0.3

    def cost(taken: int) -> float:
        return exp(0.3 * slowness(taken))

    case = suspect(1.15, entry(sd=0.03), POLICY.in_thorough_gear())
    verdict, _ = confirm(case, first=always(1.15), repeat=cost, slowness=slowness)
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_out_of_time_is_inconclusive_and_says_what_could_be_seen() -> None:
    verdict, _ = confirm(suspect(1.6), first=always(1.6), repeat=always(1.6), seconds_a_look=20)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason == "out of confirm time"
    assert verdict.can_see is not None
    assert verdict.can_see > 0.2


def test_a_larger_suite_needs_stronger_evidence() -> None:
    noisy = entry(sd=0.12)
    small, _ = confirm(suspect(1.7, noisy, suite_size=1), first=always(1.7), repeat=always(1.7))
    large, _ = confirm(
        suspect(1.7, noisy, suite_size=100_000), first=always(1.7), repeat=always(1.7)
    )
    assert small.outcome is Outcome.REGRESSED
    assert large.looks > small.looks


def test_long_tests_are_repeated_less() -> None:
    slow = suspect(1.5, entry(wall_s=1.0))
    verdict, steps = confirm(slow, first=always(1.5), repeat=always(1.5))
    assert verdict.outcome is Outcome.REGRESSED
    assert sum(step.count for step in steps if isinstance(step, Repeat)) == 2
    assert max(step.repeats for step in steps if isinstance(step, FreshProcess)) == 1


def test_the_thorough_gear_finds_what_the_default_gear_lets_pass() -> None:
    quiet = entry(sd=0.03)
    thorough = POLICY.in_thorough_gear()
    found, _ = confirm(suspect(1.14, quiet, thorough), first=always(1.14), repeat=always(1.14))
    passed, _ = confirm(suspect(1.14, quiet), first=always(1.14), repeat=always(1.14))
    assert (found.outcome, passed.outcome) == (Outcome.REGRESSED, Outcome.OK)


def test_in_the_thorough_gear_repeats_clear_no_first_run_above_the_tolerance() -> None:
    """The run's own moment may be off by as much as the rise that is looked for."""
    quiet = entry(sd=0.03)
    thorough = POLICY.in_thorough_gear()
    own_moment = lambda taken: 1.01 if taken == 0 else 1.15  # noqa: E731
    found, _ = confirm(suspect(1.14, quiet, thorough), first=always(1.15), repeat=own_moment)
    assert found.outcome is Outcome.REGRESSED
    unchanged, steps = confirm(suspect(1.14, quiet, thorough), first=always(1), repeat=always(1.0))
    assert unchanged.outcome is Outcome.OK
    assert sum(isinstance(step, FreshProcess) for step in steps) == 2
    _, steps = confirm(suspect(1.04, quiet, thorough), first=always(1), repeat=always(1.0))
    assert not any(isinstance(step, FreshProcess) for step in steps)


def test_the_thorough_gear_looks_on_where_the_rise_is_close_to_the_tolerance() -> None:
    case = suspect(1.15, entry(sd=0.03), POLICY.in_thorough_gear())
    low_at_first = confirm(
        case,
        first=always(1.14),
        repeat=lambda taken: 1.07 if taken < 4 else 1.14,
    )
    assert low_at_first[0].outcome is Outcome.REGRESSED
    for rise, looks in ((1.07, 21), (1.03, 1)):
        alike = replace(case, first_j=rise)
        verdict, _ = confirm(alike, first=always(rise), repeat=always(rise))
        assert (verdict.outcome, verdict.looks) == (Outcome.OK, looks)


def test_looks_end_where_no_further_one_could_lift_a_test_above_the_tolerance() -> None:
    """The drift of its disk keeps a test from being cleared, however often it is looked at."""
    drifting = replace(entry(sd=0.03), disk_share=0.3)
    case = suspect(1.0, drifting, POLICY.in_thorough_gear())
    verdict, _ = confirm(case, first=always(1.0), repeat=always(1.0))
    assert (verdict.outcome, verdict.looks) == (Outcome.OK, 3)
    assert verdict.reason == "within the tolerance, by all looks"
    assert verdict.can_see is not None
    assert verdict.can_see > 0.3, "what its disk hides is said"


def test_one_process_that_contradicts_the_repeats_clears_nobody_in_the_thorough_gear() -> None:
    case = suspect(1.17, entry(sd=0.03), POLICY.in_thorough_gear())
    found, _ = confirm(case, first=always(1.17), repeat=lambda taken: 1.0 if taken == 2 else 1.17)
    assert found.outcome is Outcome.REGRESSED
    cleared, steps = confirm(
        case, first=always(1.0), repeat=lambda taken: 1.17 if taken < 2 else 1.0
    )
    assert cleared.outcome is Outcome.OK
    assert sum(isinstance(step, FreshProcess) for step in steps) == 2


def test_the_thorough_gear_repeats_tests_that_are_fine() -> None:
    case = suspect(1.0, policy=POLICY.in_thorough_gear())
    verdict, steps = confirm(case, first=always(1.0), repeat=always(1.0))
    assert steps[0] == Repeat(count=5)
    assert verdict.outcome is Outcome.OK
    verdict, _ = confirm(case, first=always(0.5), repeat=always(0.5))
    assert verdict.outcome is Outcome.IMPROVED


def test_a_baseline_of_nothing_is_inconclusive() -> None:
    verdict, _ = confirm(suspect(1.0, entry(first_j=0.0)), first=always(1.0), repeat=always(1.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "refresh" in verdict.reason


samples = st.floats(0, 100)
any_look = st.builds(
    Look,
    samples_j=st.lists(samples, max_size=6).map(tuple),
    raw_j=st.lists(samples, max_size=6).map(tuple),
    first_j=st.none() | samples,
)


# A sample of next to nothing, corrected from one of something.
NEXT_TO_NOTHING = [Look(samples_j=()), Look(samples_j=(0.0, 5e-324), raw_j=(0.0, 1.0))]


@given(
    looks=st.lists(any_look, max_size=20),
    elapsed_s=st.floats(0, 100),
    thorough=st.booleans(),
    fresh=st.booleans(),
)
@example(looks=NEXT_TO_NOTHING * 4, elapsed_s=0.0, thorough=False, fresh=False)
def test_any_history_is_answered_and_ends(
    looks: list[Look], elapsed_s: float, thorough: bool, fresh: bool
) -> None:
    policy = POLICY.in_thorough_gear() if thorough else POLICY
    case = suspect(1.5, entry(known=False), policy, fresh_processes=fresh)
    step = next_step(case, looks, elapsed_s)
    if elapsed_s >= policy.confirm_time_s or len(looks) >= 3 + policy.max_looks:
        assert isinstance(step, Verdict)
    if isinstance(step, Verdict) and step.low is not None and step.high is not None:
        assert step.ratio is not None
        assert step.low <= step.ratio * (1 + 1e-9)
        assert step.ratio <= step.high * (1 + 1e-9)
    if isinstance(step, Verdict) and step.outcome.fails and fresh:
        assert sum(look.fresh_process for look in looks) >= 2


@given(st.lists(st.builds(Look, samples_j=st.tuples(samples, samples), first_j=st.none())))
def test_one_process_never_convicts_where_others_are_possible(looks: list[Look]) -> None:
    step = next_step(suspect(50.0), looks, 0.0)
    assert not (isinstance(step, Verdict) and step.outcome.fails)


SEVERITY = [Outcome.IMPROVED, Outcome.OK, Outcome.INCONCLUSIVE, Outcome.REGRESSED]


@given(st.floats(0.5, 3), st.floats(1, 2), st.floats(0.01, 0.3))
def test_a_greater_rise_is_never_judged_more_mildly(rise: float, factor: float, sd: float) -> None:
    def outcome(level: float) -> Outcome:
        case = suspect(level, entry(sd=sd))
        return confirm(case, first=always(level), repeat=always(level))[0].outcome

    assert SEVERITY.index(outcome(rise)) <= SEVERITY.index(outcome(rise * factor))


@given(st.floats(0.8, 2), st.floats(0.05, 0.5), st.floats(0, 0.5), st.floats(0.02, 0.2))
def test_more_tolerance_never_makes_more_regressions(
    rise: float, tolerance: float, more: float, sd: float
) -> None:
    def regressed(allowed: float) -> bool:
        case = suspect(rise, entry(sd=sd), Policy(tolerance=allowed, floor_j=0.0))
        return confirm(case, first=always(rise), repeat=always(rise))[0].outcome.fails

    if regressed(tolerance + more):
        assert regressed(tolerance)


@given(st.floats(0.8, 2), st.sampled_from([2.0**power for power in range(-20, 20)]))
def test_units_do_not_matter(rise: float, unit: float) -> None:
    def outcome(scale: float) -> Outcome:
        case = suspect(rise * scale, entry(scale, scale))
        cost = always(rise * scale)
        return confirm(case, first=cost, repeat=cost)[0].outcome

    assert outcome(1.0) is outcome(unit)
