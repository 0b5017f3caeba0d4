"""The verdict on a suspect: a pure function of what looks have found so far.

A look is a fresh process, so looks are independent of each other. One may clear a suspect; to
convict it takes several that agree.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.bounds import (
    MOSTLY_FIRST_RISE,
    aim,
    allowed,
    can_see,
    is_mostly_first,
    limit_j,
)
from pytest_carbon.gate.log_ratios import (
    by_first_runs,
    by_looks,
    is_the_disk,
    log_ratio,
    one_look,
    raw_agrees,
)
from pytest_carbon.gate.spread import first_sd
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.evidence import Evidence
    from pytest_carbon.gate.looks import Look, Suspect

__all__ = ["enough_j", "open_verdict", "verdict_by_looks"]

# No test is convicted by fewer looks than this; by one more in the thorough mode, where the rise
# that is allowed is small.
LEAST_LOOKS = 2

# A suspect is cleared when the estimate and so many errors stay below the tolerance, or below
# the rise that the gate must not miss. The thorough mode, which has looks enough, goes on where
# the estimate by itself is as close as an error to the tolerance.
BELOW_TOLERANCE = 2.0
BELOW_AIM = 2.5
CLEAR_OF_TOLERANCE_THOROUGH = 1.0

# Later runs cannot clear a first run that lies further out than its spread explains, and than
# imports and caches were seen to vary by, as they do not pay for these.
UNEXPLAINED_SDS = 4.0

# Further looks are given up where even a mean so many errors higher or lower would not decide.
FUTILE_SDS = 2.0

# A fall is worth a word where it lies so many errors below the baseline.
FALL_ERRORS = 3.0


def verdict_by_looks(suspect: Suspect, looks: Sequence[Look]) -> Verdict | None:
    """The verdict on ``suspect``, or ``None`` where one more look is needed.

    ``looks`` are all looks taken so far. The answer is a verdict after ``policy.max_looks`` of
    them at the latest.
    """
    if suspect.entry.first.centre_j <= 0:
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
    why = _why_cleared(suspect, evidence, repeated)
    if why is not None and len(repeated) >= suspect.policy.least_to_clear:
        return _cleared(suspect, evidence, looks, why)
    if len(looks) < suspect.policy.max_looks and not _is_futile(suspect, evidence):
        return None
    return _last_word(suspect, evidence)


def _cleared(suspect: Suspect, evidence: Evidence, looks: Sequence[Look], reason: str) -> Verdict:
    """The verdict on a suspect whose later runs are as cheap as ever."""
    if _first_run_stands_out(suspect, looks):
        reason = "only the first run in each process burns more (an import, a cache?)"
        return _verdict(suspect, Outcome.INCONCLUSIVE, reason, None, looks=1 + len(looks))
    return _verdict(suspect, Outcome.OK, reason or "measured again: no regression", evidence)


def _last_word(suspect: Suspect, evidence: Evidence) -> Verdict:
    """The verdict where further looks would not decide."""
    if evidence.rise <= allowed(suspect.entry, suspect.policy):
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
    stored = suspect.entry.look or suspect.entry.first
    if suspect.policy.least_to_clear > 1 or stored.centre_j <= 0 or is_mostly_first(suspect.entry):
        return ()
    limits = (_clear_limit(suspect, one_look(suspect, n)) for n in range(1, most_samples + 1))
    return tuple(stored.centre_j * exp(limit) for limit in limits)


def open_verdict(suspect: Suspect, reason: str, looks: Sequence[Look] = ()) -> Verdict:
    """Inconclusive, for a ``reason`` beside the figures; with what looks have found so far."""
    repeated = [look for look in looks if look.samples_j]
    # To a baseline of nothing, nothing is relative.
    is_known = bool(repeated) and suspect.entry.first.centre_j > 0
    evidence = by_looks(suspect, repeated) if is_known else None
    return _verdict(suspect, Outcome.INCONCLUSIVE, reason, evidence)


def _by_first_runs_only(suspect: Suspect, looks: Sequence[Look]) -> Verdict | None:
    """The verdict on a test that cannot run twice in one process.

    A first run pays for what other tests of a whole session have paid for, be it an import: it
    clears where it is low, and never convicts.
    """
    evidence = by_first_runs(suspect, looks)
    if _is_cleared(suspect, evidence):
        if len(looks) < suspect.policy.least_to_clear:
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
    entry = suspect.entry
    rise = log_ratio(suspect.first_j, entry.first.centre_j)
    noise = max(UNEXPLAINED_SDS * first_sd(entry, suspect.suite_sd), log(MOSTLY_FIRST_RISE))
    if not is_mostly_first(entry) and rise < noise:
        return False
    evidence = by_first_runs(suspect, looks)
    return not evidence.is_below(aim(entry, suspect.policy, suspect.suite_sd))


def _convicts(suspect: Suspect, evidence: Evidence, looks: Sequence[Look]) -> bool:
    if not _exceeds(suspect, evidence) or not raw_agrees(suspect, looks):
        return False
    return _exceeds(suspect, evidence.without_excess())


def _exceeds(suspect: Suspect, evidence: Evidence) -> bool:
    policy = suspect.policy
    if len(evidence.rises) < LEAST_LOOKS + policy.thorough:
        return False
    above = evidence.rise > allowed(suspect.entry, policy)
    return above and evidence.chance <= policy.chance(suspect.suite_size)


def _clear_limit(suspect: Suspect, evidence: Evidence) -> float:
    """The rise, as a logarithm, below which evidence of this precision clears the suspect."""
    most = allowed(suspect.entry, suspect.policy)
    must_see = aim(suspect.entry, suspect.policy, suspect.suite_sd)
    error = evidence.error
    apart = CLEAR_OF_TOLERANCE_THOROUGH * error if suspect.policy.thorough else 0.0
    return max(most - BELOW_TOLERANCE * error, min(most - apart, must_see - BELOW_AIM * error))


def _is_cleared(suspect: Suspect, evidence: Evidence) -> bool:
    return evidence.is_below(_clear_limit(suspect, evidence))


def _why_cleared(suspect: Suspect, evidence: Evidence, looks: Sequence[Look]) -> str | None:
    """Why the evidence clears a suspect, empty where it just does; ``None`` if it does not."""
    if _is_cleared(suspect, evidence):
        return ""
    if not suspect.policy.thorough and is_the_disk(suspect, evidence, looks):
        return "the disk has become slower: the test writes no more than before"
    return None


def _is_futile(suspect: Suspect, evidence: Evidence) -> bool:
    """Whether all the looks that are left would change nothing about the verdict.

    What another hour has changed is the same in all of them: they could neither convict nor clear a
    suspect above the tolerance, or not lift one above it that they cannot clear.
    """
    further = FUTILE_SDS * evidence.sd / sqrt(len(evidence.rises))
    count = suspect.policy.max_looks
    high = evidence._replace(rises=[evidence.rise + further] * count)
    low = evidence._replace(rises=[evidence.rise - further] * count)
    most = allowed(suspect.entry, suspect.policy)
    if _is_cleared(suspect, low):
        return False
    is_above = low.rise > most and not _exceeds(suspect, high)
    is_enough = len(evidence.rises) >= suspect.policy.least_to_clear
    return is_above or (is_enough and evidence.is_below(most - further))


def _verdict(
    suspect: Suspect,
    outcome: Outcome,
    reason: str,
    evidence: Evidence | None,
    *,
    looks: int | None = None,
) -> Verdict:
    entry, policy = suspect.entry, suspect.policy
    baseline_j = entry.first.centre_j
    most = allowed(entry, policy) if baseline_j > 0 else 0.0
    verdict = Verdict(
        outcome=outcome,
        now_j=suspect.first_j,
        baseline_j=baseline_j,
        tolerance=policy.tolerance,
        limit_j=limit_j(entry, policy, suspect.suite_sd),
        can_see=can_see(entry, policy, suspect.suite_sd),
        looks=1 if looks is None else looks,
        reason=reason,
    )
    if evidence is None:
        return verdict
    if outcome is Outcome.OK and -evidence.rise > max(most, FALL_ERRORS * evidence.error):
        outcome = Outcome.IMPROVED
    chance = policy.chance(suspect.suite_size)
    return verdict._replace(
        outcome=outcome,
        now_j=baseline_j * exp(evidence.rise),
        low=evidence.low,
        high=evidence.high,
        can_see=max(evidence.can_see(most, chance), 0.0),
        looks=1 + len(evidence.rises) if looks is None else looks,
    )
