"""Creep: many small rises, each accepted, that add up."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import TYPICAL_SD, centre_error, first_sd
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy

__all__ = ["creep"]

# Anchor and baseline are both stored centres; so many of their common standard errors are
# noise. It matters for baselines of a single run only.
NOISE_ERRORS = 4.0


def creep(entry: Entry, policy: Policy, suite_sd: float = TYPICAL_SD) -> Verdict | None:
    """The verdict on a baseline that crept too far from its anchor; ``None`` for the others.

    Looks at what is stored only, so it costs no measurement and knows no bad luck.
    """
    anchor_j, centre_j = entry.anchor_j, entry.first.centre_j
    if not anchor_j or anchor_j <= 0 or centre_j <= anchor_j:
        return None
    error = sqrt(2) * centre_error(first_sd(entry, suite_sd), entry.first)
    most = max(log1p(policy.creep_tolerance), NOISE_ERRORS * error)
    if log(centre_j / anchor_j) <= most:
        return None
    return Verdict(
        outcome=Outcome.REGRESSED,
        now_j=centre_j,
        baseline_j=anchor_j,
        tolerance=policy.creep_tolerance,
        limit_j=anchor_j * exp(most),
        low=centre_j / anchor_j * exp(-2 * error),
        high=centre_j / anchor_j * exp(2 * error),
        reason="many accepted rises, each within the tolerance, add up to too much",
    )
