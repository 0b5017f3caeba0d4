"""Creep: many small rises, each accepted, that add up."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.screen import allowed
from pytest_carbon.gate.spread import TYPICAL_SD, centre_error, first_sd
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy

__all__ = ["anchor_after", "creep"]

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
    # A single rise that the tolerance lets pass is no creep.
    most = max(log1p(policy.creep_tolerance), log1p(policy.tolerance), NOISE_ERRORS * error)
    if log(centre_j / anchor_j) <= most:
        return None
    return Verdict(
        outcome=Outcome.REGRESSED,
        now_j=centre_j,
        baseline_j=anchor_j,
        tolerance=max(policy.creep_tolerance, policy.tolerance),
        limit_j=anchor_j * exp(most),
        low=centre_j / anchor_j * exp(-2 * error),
        high=centre_j / anchor_j * exp(2 * error),
        reason="crept up by many accepted rises, each within the tolerance",
    )


def anchor_after(entry: Entry | None, new: Entry, policy: Policy) -> float:
    """The anchor to store when ``new`` replaces ``entry`` (``None``: there was none).

    Falls pull the anchor down, and a rise beyond the tolerance, which somebody accepted
    knowingly, takes it along; a rise within the tolerance leaves it where it was.
    """
    new_j = new.first.centre_j
    if entry is None or entry.first.centre_j <= 0:
        return new_j
    old_j = entry.first.centre_j
    anchor_j = entry.anchor_j or old_j
    if new_j <= anchor_j:
        return new_j
    if new_j > old_j * exp(allowed(entry, policy)):
        return new_j
    return anchor_j
