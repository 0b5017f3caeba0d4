"""The confirmation of a suspect, as a state machine on numbers.

``next_step`` is told all looks taken so far and answers with what to do next, until it
answers with a verdict. Repeats in a row may clear a suspect but never convict it, as they
share the moment and the process: that takes fresh processes that agree.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pytest_carbon.gate.looks import FreshProcess, Repeat
from pytest_carbon.gate.rises import (
    by_first_runs,
    by_looks,
    by_repeats,
    is_the_disk,
    log_ratio,
    raw_agrees,
)
from pytest_carbon.gate.screen import aim, allowed, can_see, is_mostly_first, limit_j
from pytest_carbon.gate.spread import disk_drift, first_sd
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.evidence import Evidence
    from pytest_carbon.gate.looks import Look, Suspect

__all__ = ["Step", "next_step"]

Step: TypeAlias = Repeat | FreshProcess | Verdict

# Repeats in a row, cumulative: the first two clear most unchanged tests. The later ones are
# left out where all would take longer than this.
IN_A_ROW = (2, 5, 11)
IN_A_ROW_THOROUGH = (5, 11)
IN_A_ROW_S = 3.0

# Repeats in a fresh process; fewer where the look would take longer than this. More would tell
# little, as they share the moment and the process.
FRESH_REPEATS = 4
FRESH_S = 2.0

# The speed of a shared core is correlated by 0.1 after 2 s and not at all after 5 s; a fresh
# process starts late of itself.
FRESH_AFTER_S = 2.0
LATER_AFTER_S = 5.0

# No test is convicted by fewer independent looks than this; one more where they share the
# process, or where the rise allowed is small.
LEAST_LOOKS = 2

# A suspect is cleared when the estimate and so many errors stay below the tolerance, or below
# the rise that the gate must not miss. The thorough gear, which has looks enough, goes on where
# the estimate by itself is as close as an error to the tolerance.
BELOW_TOLERANCE = 2.0
BELOW_AIM = 2.5
CLEAR_OF_TOLERANCE_THOROUGH = 1.0

# Repeats cannot clear a first run that lies further out than its spread explains, as they do
# not pay what only a first run pays (imports, caches).
UNEXPLAINED_SDS = 4.0

# Repeats that lie so many errors above the tolerance will not come down any more.
HOPELESS_ERRORS = 5.0

# What a first run alone pays (imports, thread pools that spin up) was seen at 1.5 times its usual
# cost for minutes on end, as other cores were idle or busy: a rise that no other run shows has to
# be a doubling.
FIRST_RUN_RISE = log(2)

# Further looks are given up where even a mean so many errors higher or lower would not decide.
FUTILE_SDS = 2.0

# A fall is worth a word where it lies so many errors below the baseline.
FALL_ERRORS = 3.0


def next_step(suspect: Suspect, looks: Sequence[Look], elapsed_s: float) -> Step:
    """What to do next about ``suspect``, ``elapsed_s`` into its confirmation.

    ``looks`` are all looks taken so far, in order. The answer is a verdict after a bounded
    number of looks, and as soon as the policy's time is over.
    """
    if suspect.entry.first.centre_j <= 0:
        return _verdict(suspect, None, Outcome.INCONCLUSIVE, "the baseline is 0 J: refresh it")
    step: Step | _LookElsewhere = _in_own_process(suspect, looks)
    evidence = None
    if isinstance(step, _LookElsewhere):
        later = looks[step.after :]
        views = _views(suspect, later, step)
        evidence = views[0] if views else None
        step = _independent(suspect, later, views, step)
    if elapsed_s >= suspect.policy.confirm_time_s and not isinstance(step, Verdict):
        return _verdict(suspect, evidence, Outcome.INCONCLUSIVE, "out of confirm time")
    return step


class _LookElsewhere(NamedTuple):
    """The repeats in a row, the first ``after`` looks, did not clear the suspect.

    ``all_runs``: the repeats cost more, too. ``first_runs``: the first run costs more than
    that, or than noise, explains.
    """

    after: int
    all_runs: bool
    first_runs: bool


def _in_own_process(suspect: Suspect, looks: Sequence[Look]) -> Repeat | Verdict | _LookElsewhere:
    """Repeat in a row, until the suspect is cleared or that leads nowhere."""
    if is_mostly_first(suspect.entry):
        return _LookElsewhere(after=0, all_runs=True, first_runs=True)
    row: list[Look] = []
    plan = _in_a_row(suspect)
    for taken, target in enumerate(plan):
        if taken == len(looks):
            return Repeat(count=max(target - len(_samples_j(row)), 1))
        if looks[taken].fresh_process:
            return _LookElsewhere(taken, all_runs=True, first_runs=not _explained(suspect, row))
        row.append(looks[taken])
        if not _samples_j(row):
            continue
        evidence = by_repeats(suspect, row)
        hopeless, why = _hopeless(suspect, evidence), _why_cleared(suspect, evidence, row)
        cleared = why is not None
        explained = _explained(suspect, row)
        if cleared and explained and not _contradicted(suspect):
            reason = why or "cleared by repeats"
            return _verdict(suspect, evidence, Outcome.OK, reason, looks=1)
        if cleared or hopeless:
            all_runs, first_runs = hopeless or explained, cleared and not explained
            return _LookElsewhere(taken + 1, all_runs=all_runs, first_runs=first_runs)
    return _LookElsewhere(len(plan), all_runs=True, first_runs=not _explained(suspect, row))


def _samples_j(row: Sequence[Look]) -> list[float]:
    return [sample_j for look in row for sample_j in look.samples_j]


def _hopeless(suspect: Suspect, evidence: Evidence) -> bool:
    """Whether more repeats in a row would not clear the suspect."""
    most = allowed(suspect.entry, suspect.policy)
    return evidence.rise > most + HOPELESS_ERRORS * evidence.error


def _in_a_row(suspect: Suspect) -> tuple[int, ...]:
    plan = IN_A_ROW_THOROUGH if suspect.policy.thorough else IN_A_ROW
    if disk_drift(suspect.entry):
        return plan[:1]  # More of them share the disk's hour.
    wall_s = suspect.entry.wall_s
    return tuple(count for count in plan if count == plan[0] or count * wall_s <= IN_A_ROW_S)


def _explained(suspect: Suspect, row: Sequence[Look]) -> bool:
    """Whether noise explains the first run, so that good repeats clear it.

    Either its spread does, or a garbage collection, or the moment was slow: then the very next run
    shows it, too.
    """
    entry = suspect.entry
    rise = log_ratio(suspect.first_j, entry.first.centre_j)
    if suspect.collected or rise < UNEXPLAINED_SDS * first_sd(entry, suspect.suite_sd):
        return True
    repeats = entry.repeats or entry.first
    samples_j = _samples_j(row)
    return bool(samples_j) and log_ratio(samples_j[0], repeats.centre_j) > rise / 2


def _contradicted(suspect: Suspect) -> bool:
    """Whether the first run by itself exceeds the tolerance, which good repeats leave open.

    They share the moment, and two in 100 tests with 15 % more work were cleared by one that was
    just as far off. The thorough gear, whose first runs usually exceed nothing, asks other
    processes then.
    """
    rise = log_ratio(suspect.first_j, suspect.entry.first.centre_j)
    return suspect.policy.thorough and rise > allowed(suspect.entry, suspect.policy)


def _kept(suspect: Suspect, looks: Sequence[Look]) -> list[Look]:
    """The looks that share no moment; nor a process, where the test can run in others."""
    return [look for look in looks if look.fresh_process is suspect.fresh_processes]


def _views(suspect: Suspect, looks: Sequence[Look], at: _LookElsewhere) -> list[Evidence]:
    """What independent looks say: of all runs, and of first runs where those are in question."""
    kept = _kept(suspect, looks)
    repeats = [look for look in kept if look.samples_j]
    views = []
    if repeats and at.all_runs:
        views.append(by_looks(suspect, repeats))
    if kept and at.first_runs and suspect.fresh_processes:
        views.append(by_first_runs(suspect, kept))
    return views


class _Answer(NamedTuple):
    """What a verdict is made of."""

    outcome: Outcome
    reason: str
    evidence: Evidence | None = None


def _independent(
    suspect: Suspect, looks: Sequence[Look], views: Sequence[Evidence], at: _LookElsewhere
) -> Step:
    """Decide by looks that are independent of each other, or ask for one more."""
    answer = _convicting(suspect, looks, views, at) or _clearing(suspect, looks, views, at)
    if answer is None:
        if len(looks) < suspect.policy.max_looks and not _is_futile(suspect, views, at):
            return _one_more(suspect, looks, all_runs=at.all_runs)
        answer = _last_word(suspect, views)
    return _verdict(suspect, answer.evidence, answer.outcome, answer.reason)


def _convicting(
    suspect: Suspect, looks: Sequence[Look], views: Sequence[Evidence], at: _LookElsewhere
) -> _Answer | None:
    if not views:
        return None
    repeats, firsts = views[0], views[-1]
    if at.all_runs and _convicted(suspect, repeats):
        kept = _kept(suspect, looks)
        if not raw_agrees(suspect, kept) or not _convicted(suspect, repeats.without_excess()):
            return None
        where = "fresh processes" if suspect.fresh_processes else "looks in one process"
        return _Answer(Outcome.REGRESSED, f"{len(repeats.rises)} {where} agree", repeats)
    in_question = at.first_runs and suspect.fresh_processes
    if in_question and (not at.all_runs or _cleared(suspect, repeats)):
        return _by_first_runs(suspect, firsts) if _convicted(suspect, firsts) else None
    return None


def _by_first_runs(suspect: Suspect, firsts: Evidence) -> _Answer:
    if suspect.entry.alone_first is None:
        reason = "only its first run costs more, which alone pays for more"
        return _Answer(Outcome.INCONCLUSIVE, reason)
    if firsts.rise <= FIRST_RUN_RISE:
        reason = "only its first run costs more, by less than imports vary"
        return _Answer(Outcome.INCONCLUSIVE, reason, firsts)
    reason = f"its first run: {len(firsts.rises)} fresh processes agree"
    return _Answer(Outcome.REGRESSED, reason, firsts)


def _clearing(
    suspect: Suspect, looks: Sequence[Look], views: Sequence[Evidence], at: _LookElsewhere
) -> _Answer | None:
    kept = _kept(suspect, looks)
    reasons = [_why_cleared(suspect, evidence, kept) for evidence in views]
    cleared = bool(views) and None not in reasons
    if at.first_runs and not suspect.fresh_processes and (cleared or not at.all_runs):
        reason = "only its first run costs more, which no run in the same process can show"
        return _Answer(Outcome.INCONCLUSIVE, reason)
    if not cleared or len(kept) < suspect.policy.least_to_clear:
        return None
    return _Answer(Outcome.OK, reasons[0] or "a second look did not show the rise", views[0])


def _last_word(suspect: Suspect, views: Sequence[Evidence]) -> _Answer:
    most = allowed(suspect.entry, suspect.policy)
    if views and all(evidence.rise <= most for evidence in views):
        return _Answer(Outcome.OK, "within the tolerance, by all looks", views[0])
    evidence = views[0] if views else None
    return _Answer(Outcome.INCONCLUSIVE, "the looks do not agree enough", evidence)


def _one_more(suspect: Suspect, looks: Sequence[Look], *, all_runs: bool) -> Repeat | FreshProcess:
    repeats = FRESH_REPEATS if all_runs else 0
    while repeats > 1 and (1 + repeats) * suspect.entry.wall_s > FRESH_S:
        repeats -= 1
    if suspect.fresh_processes:
        # The first one clears most suspects, at once; to convict, others follow later.
        return FreshProcess(repeats=repeats, after_s=FRESH_AFTER_S if looks else 0.0)
    return Repeat(count=1 + repeats, after_s=LATER_AFTER_S)


def _cleared(suspect: Suspect, evidence: Evidence) -> bool:
    most = allowed(suspect.entry, suspect.policy)
    must_see = aim(suspect.entry, suspect.policy, suspect.suite_sd)
    error = evidence.error
    apart = CLEAR_OF_TOLERANCE_THOROUGH * error if suspect.policy.thorough else 0.0
    return evidence.is_below(
        max(most - BELOW_TOLERANCE * error, min(most - apart, must_see - BELOW_AIM * error))
    )


def _why_cleared(suspect: Suspect, evidence: Evidence, looks: Sequence[Look]) -> str | None:
    """Why the evidence clears a suspect, empty where it just does; ``None`` if it does not."""
    if _cleared(suspect, evidence):
        return ""
    if not suspect.policy.thorough and is_the_disk(suspect, evidence, looks):
        return "the disk costs more by now: the test writes no more than it did"
    return None


def _is_futile(suspect: Suspect, views: Sequence[Evidence], at: _LookElsewhere) -> bool:
    """Whether all the looks that are left would change nothing about the verdict.

    What another hour has changed is the same in all of them: they could neither convict nor clear a
    suspect above the tolerance, or not lift one above it that they cannot clear.
    """
    if len(views) != 1 or not at.all_runs:
        return False
    (evidence,) = views
    further = FUTILE_SDS * evidence.sd / sqrt(len(evidence.rises))
    count = suspect.policy.max_looks
    high = replace(evidence, rises=[evidence.rise + further] * count)
    low = replace(evidence, rises=[evidence.rise - further] * count)
    most = allowed(suspect.entry, suspect.policy)
    if _cleared(suspect, low):
        return False
    is_above = low.rise > most and not _convicted(suspect, high)
    is_enough = len(evidence.rises) >= suspect.policy.least_to_clear
    return is_above or (is_enough and evidence.is_below(most - further))


def _convicted(suspect: Suspect, evidence: Evidence) -> bool:
    policy = suspect.policy
    least = LEAST_LOOKS + (policy.thorough or not suspect.fresh_processes)
    if len(evidence.rises) < least or evidence.rise <= allowed(suspect.entry, policy):
        return False
    return evidence.chance <= policy.chance(suspect.suite_size)


def _verdict(
    suspect: Suspect,
    evidence: Evidence | None,
    outcome: Outcome,
    reason: str,
    looks: int | None = None,
) -> Verdict:
    entry, policy = suspect.entry, suspect.policy
    baseline_j = entry.first.centre_j
    most = allowed(entry, policy)
    verdict = Verdict(
        outcome=outcome,
        now_j=suspect.first_j,
        baseline_j=baseline_j,
        tolerance=policy.tolerance,
        limit_j=limit_j(entry, policy, suspect.suite_sd),
        can_see=can_see(entry, policy, suspect.suite_sd),
        reason=reason,
    )
    if evidence is None:
        return verdict
    if outcome is Outcome.OK and -evidence.rise > max(most, FALL_ERRORS * evidence.error):
        outcome = Outcome.IMPROVED
    chance = policy.chance(suspect.suite_size)
    return replace(
        verdict,
        outcome=outcome,
        now_j=baseline_j * exp(evidence.rise),
        low=evidence.low,
        high=evidence.high,
        can_see=max(evidence.can_see(most, chance), 0.0),
        looks=1 + len(evidence.rises) if looks is None else looks,
    )
