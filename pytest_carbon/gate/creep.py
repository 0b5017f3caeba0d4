"""Creep: many small rises, each accepted, that add up."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import centre_error
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.bounds import Bounds

__all__ = ["creep", "is_above_anchor"]

# Anchor and baseline are both stored centres; so many of their common standard errors are
# noise. It matters for baselines of a single run only.
NOISE_ERRORS = 4.0


def is_above_anchor(entry: Entry) -> bool:
    """Whether a baseline has moved up at all; most have not, and need no closer look."""
    return entry.anchor_j is not None and 0 < entry.anchor_j < entry.first.centre_j


def creep(bounds: Bounds) -> Verdict | None:
    """The verdict on a baseline that crept too far from its anchor; ``None`` for the others.

    Looks at what is stored only, so it costs no measurement and knows no bad luck.
    """
    entry, creep_tolerance = bounds.entry, bounds.policy.creep_tolerance
    anchor_j, centre_j = entry.anchor_j, bounds.centre_j
    if anchor_j is None or not is_above_anchor(entry):
        return None
    error = sqrt(2) * centre_error(bounds.first_sd, entry.first)
    allowed_log = max(log1p(creep_tolerance), NOISE_ERRORS * error)
    if log(centre_j / anchor_j) <= allowed_log:
        return None
    return Verdict(
        outcome=Outcome.REGRESSED,
        now_j=centre_j,
        baseline_j=anchor_j,
        tolerance=creep_tolerance,
        limit_j=anchor_j * exp(allowed_log),
        low=centre_j / anchor_j * exp(-2 * error),
        high=centre_j / anchor_j * exp(2 * error),
        reason="many accepted rises, each within the tolerance, add up to too much",
    )
