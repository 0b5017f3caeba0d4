"""The verdict on a test from a single figure: where nothing is confirmed, or cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.bounds import can_see, fall, is_suspect, is_too_small, limit_j
from pytest_carbon.gate.spread import TYPICAL_SD
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy

__all__ = ["verdict_without_confirmation"]


def verdict_without_confirmation(
    now_j: float,
    entry: Entry,
    policy: Policy,
    *,
    suite_sd: float = TYPICAL_SD,
    raw_now_j: float | None = None,
    blocks_written: float | None = None,
    reason: str = "",
) -> Verdict:
    """What one run of a test says; ``reason`` tells why a suspect could not be confirmed.

    Never regressed, however great the rise: a single run was seen to cost 1.6 times its usual
    energy after correction, 2.3 times before, and 28 times when a garbage collection fell into
    it. Falls are said at once, as they fail nothing.
    """
    outcome, why = Outcome.OK, ""
    if is_too_small(now_j, entry, policy):
        outcome = Outcome.TOO_SMALL
    elif is_suspect(now_j, entry, policy, suite_sd, raw_now_j, blocks_written=blocks_written):
        outcome, why = Outcome.INCONCLUSIVE, reason
    elif fall(now_j, entry, policy, suite_sd):
        outcome = Outcome.IMPROVED
    return Verdict(
        outcome=outcome,
        now_j=now_j,
        baseline_j=entry.first.centre_j,
        tolerance=policy.tolerance,
        limit_j=limit_j(entry, policy, suite_sd, blocks_written),
        can_see=None if outcome is Outcome.TOO_SMALL else can_see(entry, policy, suite_sd),
        reason=why,
    )
