"""The gate for any finite figures and settings: a verdict, in so many steps, that holds."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.budget import MAX_LOOKS, verdict_on_budget
from pytest_carbon.gate.confirm import enough_j, open_verdict, verdict_by_looks
from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.looks import Look, Suspect
from pytest_carbon.gate.pairs.suspects import MorePairs, Pair, PairedPolicy, next_pairs
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.spread import suite_sd, summarise
from pytest_carbon.gate.sums import Part, as_suspect, policy_for_sums
from pytest_carbon.gate.verdict import Outcome, Verdict

# From nothing to more than any run; what comes between the two is likelier.
JOULES = st.one_of(
    st.floats(1e-3, 1e3), st.just(0.0), st.floats(1e-30, 1e12), st.sampled_from([1e-30, 1e12])
)
STORED_J = st.one_of(
    st.floats(1e-3, 1e3), st.just(0.0), st.floats(1e-12, 1e12), st.sampled_from([1e-12, 1e12])
)
SDS = st.one_of(st.floats(0.01, 0.3), st.floats(0, 10), st.sampled_from([0.0, 10.0]))
SPREADS = st.builds(
    lambda processes, more, **others: Spread(
        samples=min(processes + more, 10**9), processes=processes, **others
    ),
    centre_j=STORED_J,
    sd_log=st.none() | SDS,
    processes=st.integers(1, 10**9),
    more=st.integers(0, 10**9),
)
ENTRIES = st.builds(
    Entry,
    first=SPREADS,
    look=st.none() | SPREADS,
    raw=st.none() | SPREADS,
    sensitivity=st.none() | st.floats(-1, 5),
    anchor_j=st.none() | STORED_J,
    disk_share=st.none() | st.floats(0, 1),
    blocks_written=st.none() | st.floats(0, 1e15),
)
POLICIES = st.builds(
    Policy,
    own_rise_j=st.none(),
    tolerance=st.floats(0, 10),
    floor_j=st.floats(0, 1) | st.floats(0, 1e12),
    alpha=st.floats(1e-3, 1) | st.floats(min_value=0, max_value=1, exclude_min=True),
    creep_tolerance=st.floats(0, 10),
)
POLICIES = POLICIES | POLICIES.map(Policy.in_thorough_mode)
BOUNDS = st.builds(Bounds.of, ENTRIES, POLICIES, st.floats(0.01, 10))
SUSPECTS = st.builds(
    Suspect,
    bounds=BOUNDS,
    first_j=JOULES,
    suite_size=st.integers(0, 10**6),
)


UNSURE = st.tuples(st.none() | JOULES, st.floats(0, 1e15))


def looks(count: int) -> st.SearchStrategy[list[Look]]:
    one = st.builds(
        lambda first_j, samples_j, raw_j, blocks: Look(
            first_j, samples_j, raw_j[: len(samples_j)], blocks
        ),
        JOULES,
        st.lists(JOULES, max_size=4).map(tuple),
        st.lists(JOULES, min_size=4, max_size=4).map(tuple) | st.just(()),
        st.floats(0, 1e15),
    )
    return st.lists(one, min_size=count, max_size=count)


def check(verdict: Verdict) -> None:
    """Every figure is one, and goes with the others."""
    for figure in (verdict.now_j, verdict.baseline_j, verdict.limit_j, verdict.can_see):
        assert figure is None or (math.isfinite(figure) and figure >= 0)
    if verdict.low is not None:
        assert verdict.high is not None
        assert 0 <= verdict.low <= verdict.high < math.inf
    assert verdict.outcome in Outcome


def decided(suspect: Suspect, taken: list[Look]) -> Verdict | None:
    """The verdict that looks come to, one after the other."""
    for count in range(1, len(taken) + 1):
        verdict = verdict_by_looks(suspect, taken[:count])
        if verdict is not None:
            return verdict
    return None


@given(SUSPECTS, looks(20))
def test_a_suspect_gets_its_verdict_within_its_looks(suspect: Suspect, taken: list[Look]) -> None:
    verdict = decided(suspect, taken[: suspect.bounds.policy.max_looks])
    assert verdict is not None
    check(verdict)
    check(open_verdict(suspect, "no time", taken))
    assert all(math.isfinite(limit_j) for limit_j in enough_j(suspect, 5))


def risen(look: Look, factor: float) -> Look:
    return look._replace(
        first_j=look.first_j * factor,
        samples_j=tuple(sample * factor for sample in look.samples_j),
        raw_j=tuple(raw * factor for raw in look.raw_j),
    )


PARTS = st.floats(0.7, 1.4)
RISES = st.lists(st.tuples(PARTS, PARTS, st.floats(1, 3)), min_size=20, max_size=20)
STEADY = st.builds(
    lambda first, look, sd, **others: Entry(
        first=Spread(first, sd, 10, 10), look=Spread(look, sd, 30, 10), **others
    ),
    first=st.floats(1, 2),
    look=st.floats(0.5, 1.5),
    sd=st.floats(0, 0.3),
    raw=st.none() | st.builds(Spread, st.floats(0.5, 2), st.floats(0.01, 0.5)),
    sensitivity=st.none() | st.floats(0, 1.5),
    blocks_written=st.none() | st.floats(0, 100),
    disk_share=st.none() | st.floats(0, 0.5),
)


@given(STEADY, POLICIES, st.floats(1.2, 20), RISES, st.booleans())
def test_more_energy_never_makes_a_regression_ok(
    entry: Entry, policy: Policy, rise: float, parts: list[tuple[float, float, float]], raw: bool
) -> None:
    suspect = Suspect(bounds=Bounds.of(entry, policy, 0.05), first_j=entry.first.centre_j * rise)
    taken = []
    for first, later, slowness in parts[: policy.max_looks]:
        sample_j = (entry.look or entry.first).centre_j * rise * later
        raw_j = (sample_j * slowness,) * 3 if raw else ()
        taken.append(Look(suspect.first_j * first, (sample_j,) * 3, raw_j, 50.0))
    before = decided(suspect, taken)
    if before is None or before.outcome is not Outcome.REGRESSED:
        return
    for factors in ([1.5] * len(taken), [part[0] + 0.4 for part in parts]):
        more = suspect._replace(first_j=suspect.first_j * factors[0])
        looks_now = [risen(look, f) for look, f in zip(taken, factors, strict=False)]
        after = decided(more, looks_now)
        assert after is not None
        assert after.outcome in (Outcome.REGRESSED, Outcome.INCONCLUSIVE)


@given(JOULES, BOUNDS, UNSURE)
def test_a_single_run_gets_a_verdict(
    now_j: float, bounds: Bounds, unsure: tuple[float | None, float]
) -> None:
    raw_now_j, blocks_written = unsure
    check(
        verdict_without_confirmation(
            now_j, bounds, raw_now_j=raw_now_j, blocks_written=blocks_written
        )
    )
    crept = creep(bounds)
    if crept is not None:
        check(crept)
    assert math.isfinite(suite_sd([bounds.entry], bounds.policy.floor_j))


@given(JOULES, st.floats(1, 1e6), BOUNDS)
def test_more_energy_stays_suspect(now_j: float, factor: float, bounds: Bounds) -> None:
    if bounds.is_suspect(now_j):
        assert bounds.is_suspect(now_j * factor)


@given(JOULES, st.floats(1e-12, 1e12), looks(MAX_LOOKS), st.floats(1, 100))
def test_a_budget_is_decided_and_more_energy_is_not_within_it(
    now_j: float, budget_j: float, taken: list[Look], factor: float
) -> None:
    verdict = verdict_on_budget(now_j, budget_j, taken)
    assert verdict is not None
    check(verdict)
    if verdict.outcome is Outcome.OVER_BUDGET:
        more = verdict_on_budget(now_j * factor, budget_j, [risen(look, factor) for look in taken])
        assert more is not None
        assert more.outcome is Outcome.OVER_BUDGET


@given(
    st.lists(st.tuples(ENTRIES, JOULES), min_size=1, max_size=5),
    st.none() | ENTRIES,
    POLICIES,
    looks(20),
)
def test_sums_get_a_verdict(
    parts: list[tuple[Entry, float]], stored: Entry | None, policy: Policy, taken: list[Look]
) -> None:
    each = [Part(str(n), entry, now_j) for n, (entry, now_j) in enumerate(parts)]
    suspect = as_suspect(each, policy, stored)
    assert suspect.bounds.policy == policy_for_sums(policy)
    verdict = decided(suspect, taken[: policy.max_looks])
    assert verdict is not None
    check(verdict)


@given(
    st.lists(st.tuples(JOULES, JOULES), min_size=40, max_size=40),
    st.builds(
        PairedPolicy,
        tolerance=st.floats(0, 10),
        floor_j=st.floats(0, 1e12),
        max_pairs=st.integers(10, 40),
    ),
    st.integers(0, 10**6),
)
@example(
    [(1.0, 0.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 0.0), (1.0, 1.0), (1.0, 0.0)]
    + [(1.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0)]
    + [(1.0, 0.0), (1.0, 1e-30), (0.0, 0.0), (1.0, 1.0), (1.0, 1e-30), (1.0, 0.0), (1.0, 1e-30)]
    + [(1.0, 0.0)] * 19,
    PairedPolicy(tolerance=0.0, floor_j=0.0, max_pairs=21),
    173_266,
)
def test_pairs_get_a_verdict_within_their_number(
    figures: list[tuple[float, float]], policy: PairedPolicy, tests: int
) -> None:
    pairs = [Pair(base, head, n // 5) for n, (base, head) in enumerate(figures)]
    taken = 0
    for _ in range(len(policy.checks) + 1):
        answer = next_pairs(pairs[:taken], policy, tests)
        if isinstance(answer, Verdict):
            check(answer)
            return
        assert isinstance(answer, MorePairs)
        assert answer.count > 0
        taken += answer.count
        assert taken <= policy.checks[-1]
    raise AssertionError("there is no verdict")


@given(st.lists(st.lists(st.floats(1e-30, 1e12), min_size=1, max_size=5), min_size=1, max_size=9))
def test_samples_can_be_summarised(processes: list[list[float]]) -> None:
    spread = summarise(processes)
    assert math.isfinite(spread.centre_j)
    assert spread.sd_log is None or 0 <= spread.sd_log < math.inf
