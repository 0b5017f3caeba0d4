"""The verdict on a suspect: a pure function of what looks have found so far.

A look is a fresh process, so looks are independent of each other. One may clear a suspect; to
convict it takes several that agree.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.bounds import MOSTLY_FIRST_RISE
from pytest_carbon.gate.log_ratios import (
    by_first_runs,
    by_looks,
    is_the_disk,
    log_ratio,
    one_look,
    raw_agrees,
)
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.bounds import Bounds
    from pytest_carbon.gate.evidence import Evidence
    from pytest_carbon.gate.looks import Look, Suspect

__all__ = ["enough_j", "open_verdict", "verdict_by_looks"]

# No test is convicted by fewer looks than this, which are independent; by one more in the thorough
# mode, where the rise that is allowed is small.
LEAST_LOOKS = 2

# A suspect is cleared when the estimate and so many errors stay below the tolerance, or below
# the rise that the gate must not miss. The thorough mode, which has looks enough, goes on where
# the estimate by itself is as close as an error to the tolerance (normal tails of 2.3 %, 0.6 %
# and 16 %).
BELOW_TOLERANCE = 2.0
BELOW_AIM = 2.5
CLEAR_OF_TOLERANCE_THOROUGH = 1.0

# Later runs cannot clear a first run that lies further out than its spread explains, and than
# imports and caches were seen to vary by, as they do not pay for these.
UNEXPLAINED_SDS = 4.0

# Further looks are given up where even a mean so many errors higher or lower would not decide.
FUTILE_SDS = 2.0

# A fall is worth a word where it lies so many errors below the baseline (normal tail of 0.1 %).
FALL_ERRORS = 3.0


def verdict_by_looks(suspect: Suspect, looks: Sequence[Look]) -> Verdict | None:
    """The verdict on ``suspect``, or ``None`` where one more look is needed.

    ``looks`` are all looks taken so far. The answer is a verdict after ``policy.max_looks`` of
    them at the latest.
    """
    if suspect.bounds.centre_j <= 0:
        return open_verdict(
            suspect, "the stored baseline is 0 J: store it again with --carbon-update=all"
        )
    repeated = [look for look in looks if look.samples_j]
    if not repeated:
        return _by_first_runs_only(suspect, looks) if looks else None
    return _by_later_runs(suspect, by_looks(suspect, repeated), looks, repeated)


def _by_later_runs(
    suspect: Suspect, evidence: Evidence, looks: Sequence[Look], repeated: Sequence[Look]
) -> Verdict | None:
    """The verdict by the looks in which the test has run more than once."""
    if _convicts(suspect, evidence, repeated):
        reason = f"{len(repeated)} fresh processes confirm it"
        return _verdict(suspect, Outcome.REGRESSED, reason, evidence)
    if len(repeated) >= suspect.bounds.policy.least_to_clear:
        if _is_cleared(suspect.bounds, evidence):
            return _cleared(suspect, evidence, looks, "measured again: no regression")
        if not suspect.bounds.policy.thorough and is_the_disk(suspect, evidence, repeated):
            reason = "the disk has become slower: the test writes no more than before"
            return _cleared(suspect, evidence, looks, reason)
    if len(looks) < suspect.bounds.policy.max_looks and not _is_futile(suspect, evidence):
        return None
    return _last_word(suspect, evidence)


def _cleared(suspect: Suspect, evidence: Evidence, looks: Sequence[Look], reason: str) -> Verdict:
    """The verdict on a suspect whose later runs are as cheap as ever."""
    if _first_run_stands_out(suspect, looks):
        reason = "only the first run in each process burns more (an import, a cache?)"
        return _verdict(suspect, Outcome.INCONCLUSIVE, reason, None, looks=1 + len(looks))
    return _verdict(suspect, Outcome.OK, reason, evidence)


def _last_word(suspect: Suspect, evidence: Evidence) -> Verdict:
    """The verdict where further looks would not decide."""
    if evidence.ratio_log <= suspect.bounds.allowed_log:
        return _verdict(
            suspect,
            Outcome.OK,
            "within the tolerance on average over all fresh processes",
            evidence,
        )
    return _verdict(
        suspect, Outcome.INCONCLUSIVE, "fresh processes gave different answers", evidence
    )


def enough_j(suspect: Suspect, most_samples: int) -> tuple[float, ...]:
    """Up to which geometric mean 1, 2, … samples clear the suspect, so that a look may end.

    In joules; empty where one look cannot clear it.
    """
    bounds = suspect.bounds
    stored_j = bounds.stored_look.centre_j
    if bounds.policy.least_to_clear > 1 or stored_j <= 0 or bounds.is_mostly_first:
        return ()
    looks = (one_look(suspect, samples) for samples in range(1, most_samples + 1))
    return tuple(stored_j * exp(_clear_limit_log(bounds, look.error)) for look in looks)


def open_verdict(suspect: Suspect, reason: str, looks: Sequence[Look] = ()) -> Verdict:
    """Inconclusive, for a ``reason`` beside the figures; with what looks have found so far."""
    repeated = [look for look in looks if look.samples_j]
    # To a baseline of nothing, nothing is relative.
    is_known = bool(repeated) and suspect.bounds.centre_j > 0
    evidence = by_looks(suspect, repeated) if is_known else None
    return _verdict(suspect, Outcome.INCONCLUSIVE, reason, evidence)


def _by_first_runs_only(suspect: Suspect, looks: Sequence[Look]) -> Verdict | None:
    """The verdict on a test that cannot run twice in one process.

    A first run pays for what other tests of a whole session have paid for, be it an import: it
    clears where it is low, and never convicts.
    """
    evidence = by_first_runs(suspect, looks)
    if _is_cleared(suspect.bounds, evidence):
        if len(looks) < suspect.bounds.policy.least_to_clear:
            return None
        return _verdict(suspect, Outcome.OK, "measured again: no regression", evidence)
    reason = (
        "the test cannot run twice in one process, and first runs alone are too noisy to decide"
    )
    return _verdict(suspect, Outcome.INCONCLUSIVE, reason, None, looks=1 + len(looks))


def _first_run_stands_out(suspect: Suspect, looks: Sequence[Look]) -> bool:
    """Whether first runs, here and in looks, cost more than noise explains.

    Looks whose own first runs are as cheap as stored ones show that it was the moment.
    """
    bounds = suspect.bounds
    rise_log = log_ratio(suspect.first_j, bounds.centre_j)
    noise_log = max(UNEXPLAINED_SDS * bounds.first_sd, log(MOSTLY_FIRST_RISE))
    if not bounds.is_mostly_first and rise_log < noise_log:
        return False
    return not by_first_runs(suspect, looks).is_below(bounds.aim_log)


def _convicts(suspect: Suspect, evidence: Evidence, looks: Sequence[Look]) -> bool:
    if not _exceeds(suspect, evidence) or not raw_agrees(suspect, looks):
        return False
    return _exceeds(suspect, evidence.without_excess())


def _exceeds(suspect: Suspect, evidence: Evidence) -> bool:
    bounds = suspect.bounds
    if len(evidence.ratios_log) < LEAST_LOOKS + bounds.policy.thorough:
        return False
    return evidence.ratio_log > bounds.allowed_log and evidence.chance <= suspect.chance


def _clear_limit_log(bounds: Bounds, error: float) -> float:
    """The rise below which evidence with this standard error clears a suspect."""
    allowed_log, aim_log = bounds.allowed_log, bounds.aim_log
    apart = CLEAR_OF_TOLERANCE_THOROUGH * error if bounds.policy.thorough else 0.0
    return max(
        allowed_log - BELOW_TOLERANCE * error,
        min(allowed_log - apart, aim_log - BELOW_AIM * error),
    )


def _is_cleared(bounds: Bounds, evidence: Evidence) -> bool:
    return evidence.is_below(_clear_limit_log(bounds, evidence.error))


def _is_futile(suspect: Suspect, evidence: Evidence) -> bool:
    """Whether all the looks that are left would change nothing about the verdict.

    What another hour has changed is the same in all of them: they could neither convict nor clear a
    suspect above the tolerance, or not lift one above it that they cannot clear.
    """
    bounds = suspect.bounds
    further_log = FUTILE_SDS * evidence.sd / sqrt(len(evidence.ratios_log))
    count = bounds.policy.max_looks
    high = evidence._replace(ratios_log=[evidence.ratio_log + further_log] * count)
    low = evidence._replace(ratios_log=[evidence.ratio_log - further_log] * count)
    if _is_cleared(bounds, low):
        return False
    is_above = low.ratio_log > bounds.allowed_log and not _exceeds(suspect, high)
    is_enough = len(evidence.ratios_log) >= bounds.policy.least_to_clear
    return is_above or (is_enough and evidence.is_below(bounds.allowed_log - further_log))


def _verdict(
    suspect: Suspect,
    outcome: Outcome,
    reason: str,
    evidence: Evidence | None,
    *,
    looks: int | None = None,
) -> Verdict:
    bounds = suspect.bounds
    verdict = Verdict(
        outcome=outcome,
        now_j=suspect.first_j,
        baseline_j=bounds.centre_j,
        tolerance=bounds.policy.tolerance,
        limit_j=bounds.limit_j,
        can_see=bounds.can_see,
        looks=1 if looks is None else looks,
        reason=reason,
    )
    if evidence is None:
        return verdict
    fall_log = max(bounds.allowed_log, FALL_ERRORS * evidence.error)
    if outcome is Outcome.OK and -evidence.ratio_log > fall_log:
        outcome = Outcome.IMPROVED
    return verdict._replace(
        outcome=outcome,
        now_j=bounds.centre_j * exp(evidence.ratio_log),
        low=evidence.low,
        high=evidence.high,
        can_see=max(evidence.can_see(bounds.allowed_log, suspect.chance), 0.0),
        looks=1 + len(evidence.ratios_log) if looks is None else looks,
    )
