"""The verdict on a test from a single figure: where nothing is confirmed, or cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.gate.bounds import Bounds

__all__ = ["verdict_without_confirmation"]


def verdict_without_confirmation(
    now_j: float,
    bounds: Bounds,
    *,
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
    if bounds.is_too_small(now_j):
        outcome = Outcome.TOO_SMALL
    elif bounds.is_suspect(now_j, raw_now_j, blocks_written=blocks_written):
        outcome, why = Outcome.INCONCLUSIVE, reason
    elif bounds.is_fall(now_j):
        outcome = Outcome.IMPROVED
    return Verdict(
        outcome=outcome,
        now_j=now_j,
        baseline_j=bounds.centre_j,
        tolerance=bounds.policy.tolerance,
        limit_j=bounds.limit_of_run_j(blocks_written),
        can_see=None if outcome is Outcome.TOO_SMALL else bounds.can_see,
        reason=why,
    )
