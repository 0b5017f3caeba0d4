"""Many small accepted rises."""

from __future__ import annotations

from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.spread import centre_error
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.updates.plan import Mode, Rules, merge_update

POLICY = Policy(tolerance=0.2, creep_tolerance=0.3, floor_j=0.0)


def entry(centre_j: float, anchor_j: float | None = None, *, processes: int = 10) -> Entry:
    spread = Spread(
        centre_j=centre_j,
        sd_log=0.005 if processes > 1 else None,
        samples=processes,
        processes=processes,
    )
    return Entry(first=spread, cpu_s=0.1, wall_s=0.1, anchor_j=anchor_j)


def accept(old: Entry | None, new: Entry, policy: Policy = POLICY) -> Entry:
    """What ``--carbon-update=all`` stores of ``new``."""
    rules = Rules(mode=Mode.ALL, tolerance=policy.tolerance, creep_tolerance=policy.creep_tolerance)
    stored = merge_update(old, new, rules)
    assert stored is not None
    return stored


def test_twenty_times_two_percent_does_not_pass_unseen() -> None:
    stored = entry(1.0, 1.0)
    seen_after = []
    for step in range(1, 21):
        stored = accept(stored, entry(1.02**step))
        if creep(Bounds.of(stored, POLICY)) is not None:
            seen_after.append(step)
    assert seen_after[0] == 15, "what chance explains is not stored: every fifth step is"
    verdict = creep(Bounds.of(stored, POLICY))
    assert verdict is not None
    assert verdict.outcome is Outcome.REGRESSED
    assert verdict.ratio is not None
    assert round(verdict.ratio, 2) == 1.49
    assert "add up to too much" in verdict.reason


def test_a_rise_that_was_accepted_knowingly_takes_the_anchor_along() -> None:
    stored = accept(entry(1.0, 1.0), entry(1.5))
    assert stored.anchor_j == 1.5
    assert creep(Bounds.of(stored, POLICY)) is None


def test_one_rise_is_no_creep_however_wide_the_tolerance() -> None:
    wide = POLICY._replace(tolerance=2.0)
    assert accept(entry(1.0, 1.0), entry(2.1), wide).anchor_j == 2.1
    assert accept(entry(1.0, 1.0), entry(1.25), wide).anchor_j == 1.0


def test_a_fall_pulls_the_anchor_down() -> None:
    assert accept(entry(1.1, 1.0), entry(0.8)).anchor_j == 0.8
    assert accept(entry(1.1, 1.0), entry(1.05)).anchor_j == 1.0
    assert accept(None, entry(2.0)).anchor_j == 2.0


def test_baselines_of_a_single_run_are_too_noisy_for_a_small_creep() -> None:
    assert creep(Bounds.of(entry(1.4, 1.0, processes=10), POLICY)) is not None
    assert creep(Bounds.of(entry(1.4, 1.0, processes=1), POLICY)) is None
    assert creep(Bounds.of(entry(2.5, 1.0, processes=1), POLICY)) is not None


def test_the_verdict_says_what_was_allowed_and_how_certain_it_is() -> None:
    """Anchor and baseline are both stored centres, so that both their errors count."""
    crept = Bounds.of(entry(3.0, 2.0), POLICY)
    verdict = creep(crept)
    assert verdict is not None
    assert (verdict.now_j, verdict.baseline_j, verdict.tolerance) == (3.0, 2.0, 0.3)
    assert verdict.limit_j == pytest.approx(2.6)
    assert verdict.low is not None
    assert verdict.high is not None
    error = sqrt(2) * centre_error(crept.first_sd, crept.entry.first)
    assert log(1.5 / verdict.low) == pytest.approx(2 * error)
    assert log(verdict.high / 1.5) == pytest.approx(2 * error)


def test_a_baseline_that_crept_by_just_what_is_allowed_passes() -> None:
    assert creep(Bounds.of(entry(1.0, 1.0), POLICY._replace(creep_tolerance=0.0))) is None
    assert creep(Bounds.of(entry(2.2, 2.0), POLICY)) is None
    assert creep(Bounds.of(entry(1.3 * (1 - 1e-9), 1.0), POLICY)) is None
    assert creep(Bounds.of(entry(1.3 * (1 + 1e-9), 1.0), POLICY)) is not None


def test_without_an_anchor_there_is_no_creep() -> None:
    assert creep(Bounds.of(entry(9.0), POLICY)) is None
    assert creep(Bounds.of(entry(9.0, 0.0), POLICY)) is None


@given(st.lists(st.floats(0.5, 1.19), min_size=1, max_size=40))
def test_steps_within_the_tolerance_never_lift_the_anchor(factors: list[float]) -> None:
    stored = entry(1.0, 1.0)
    for factor in factors:
        grown = accept(stored, entry(stored.first.centre_j * factor))
        assert stored.anchor_j is not None
        assert grown.anchor_j is not None
        assert grown.anchor_j <= stored.anchor_j
        stored = grown
