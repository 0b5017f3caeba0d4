"""Verdicts from a single figure."""

from __future__ import annotations

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.verdict import Outcome, Verdict

ENTRY = Entry(
    first=Spread(centre_j=0.1, sd_log=0.05, samples=10, processes=10),
    cpu_s=0.06,
    wall_s=0.06,
    sensitivity=1.0,
)


@pytest.mark.parametrize(
    ("now_j", "outcome"),
    [
        (0.100, Outcome.OK),
        (0.109, Outcome.OK),
        (0.070, Outcome.IMPROVED),
        (0.130, Outcome.INCONCLUSIVE),
        (2.800, Outcome.INCONCLUSIVE),
    ],
)
def test_one_run_says_ok_or_improved_but_never_regressed(now_j: float, outcome: Outcome) -> None:
    verdict = verdict_without_confirmation(now_j, Bounds.of(ENTRY, Policy(), 0.05), reason="reruns")
    assert verdict.outcome is outcome
    assert verdict.reason == ("reruns" if outcome is Outcome.INCONCLUSIVE else "")
    assert verdict.can_see is not None


def test_the_verdict_carries_the_bounds_that_it_comes_from() -> None:
    bounds = Bounds.of(ENTRY, Policy(), 0.05)
    assert verdict_without_confirmation(0.13, bounds, reason="no time") == Verdict(
        outcome=Outcome.INCONCLUSIVE,
        now_j=0.13,
        baseline_j=0.1,
        tolerance=0.2,
        limit_j=bounds.limit_j,
        can_see=bounds.can_see,
        reason="no time",
    )


def test_an_unknown_sensitivity_makes_no_suspect_by_the_correction_alone() -> None:
    entry = ENTRY._replace(sensitivity=None, raw=ENTRY.first._replace(centre_j=0.15))
    bounds = Bounds.of(entry, Policy(), 0.05)
    for raw_j, outcome in ((0.15, Outcome.OK), (0.20, Outcome.INCONCLUSIVE)):
        assert verdict_without_confirmation(0.13, bounds, raw_now_j=raw_j).outcome is outcome


def test_a_test_below_the_floor_is_too_small() -> None:
    verdict = verdict_without_confirmation(0.101, Bounds.of(ENTRY, Policy(floor_j=0.2)))
    assert verdict.outcome is Outcome.TOO_SMALL
    assert verdict.can_see is None


def test_the_limit_is_the_one_that_counted_where_it_is_known_what_a_test_wrote() -> None:
    files = Bounds.of(ENTRY._replace(disk_share=0.8, blocks_written=320.0), Policy())
    unknown, no_more, more = (
        verdict_without_confirmation(0.101, files, blocks_written=blocks).limit_j
        for blocks in (None, 320, 640)
    )
    assert no_more is not None
    assert more is not None
    assert unknown == more < no_more
    between_j = (more + no_more) / 2
    outcomes = [
        verdict_without_confirmation(between_j, files, blocks_written=blocks).outcome
        for blocks in (None, 320, 640)
    ]
    assert outcomes == [Outcome.INCONCLUSIVE, Outcome.OK, Outcome.INCONCLUSIVE]
