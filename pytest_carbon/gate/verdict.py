"""The gate's answer about one subject."""

from __future__ import annotations

from enum import Enum
from math import exp

from pytest_carbon.record import NamedTuple

__all__ = ["MOST_LOG", "Outcome", "Verdict", "ratio_of"]

MOST_LOG = 230.0
"""The logarithm of the greatest ratio that is told, 1e100: nothing is known beyond it."""


def ratio_of(ratio_log: float) -> float:
    """The ratio with this logarithm, which few and wild figures may carry beyond all numbers."""
    return exp(min(ratio_log, MOST_LOG))


class Outcome(str, Enum):
    """What the gate found; only ``REGRESSED`` and ``OVER_BUDGET`` fail a test."""

    OK = "ok"
    IMPROVED = "improved"
    REGRESSED = "regressed"
    OVER_BUDGET = "over budget"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    INCOMPARABLE = "incomparable"
    TOO_SMALL = "too small to gate"

    @property
    def fails(self) -> bool:
        """Whether a subject with this outcome fails its test."""
        return self in (Outcome.REGRESSED, Outcome.OVER_BUDGET)


class Verdict(NamedTuple):
    """The outcome for one subject, and the numbers that it rests on.

    ``baseline_j`` is what was stored, ``now_j`` what this run found (the mean of the deciding
    samples after a confirmation, ``None`` where it was not measured), ``tolerance`` the relative
    rise allowed, ``limit_j`` the joules above which the subject was suspect or over budget.
    ``low`` and ``high`` bound the ratio ``now / baseline``; ``can_see`` is the smallest relative
    rise that would have been found; ``looks`` counts the session and the looks taken, ``reason``
    says in words what decided.
    """

    outcome: Outcome
    now_j: float | None
    baseline_j: float | None = None
    tolerance: float | None = None
    limit_j: float | None = None
    low: float | None = None
    high: float | None = None
    can_see: float | None = None
    looks: int = 1
    reason: str = ""

    @property
    def ratio(self) -> float | None:
        """``now / baseline``, ``None`` where there is nothing to divide by."""
        if self.now_j is None or not self.baseline_j:
            return None
        return self.now_j / self.baseline_j
