"""From looks to evidence: like held against like."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from pytest_carbon.gate.evidence import Evidence
from pytest_carbon.gate.screen import raw_limit_log
from pytest_carbon.gate.spread import centre_error, first_sd, look_sd, repeats_sd, trimmed_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.baseline.entry import Entry, Spread
    from pytest_carbon.gate.looks import Look, Suspect

__all__ = ["by_first_runs", "by_looks", "by_repeats", "log_ratio", "raw_agrees"]

# A counter that did not move counts as a great fall: zero has no logarithm.
LEAST_RATIO = 1e-3


def log_ratio(now_j: float, centre_j: float) -> float:
    """The logarithm of ``now_j / centre_j``; 0 where there is nothing to divide by."""
    return log(max(now_j / centre_j, LEAST_RATIO)) if centre_j > 0 else 0.0


def _stored_repeats(entry: Entry) -> Spread:
    """The stored repeats; where there are none the first runs, which cost hardly ever less."""
    return entry.first if entry.repeats is None else entry.repeats


def by_repeats(suspect: Suspect, samples_j: Sequence[float]) -> Evidence:
    """What repeats in a row say: a single look, held against the stored repeats."""
    repeats = _stored_repeats(suspect.entry)
    rise = trimmed_mean([log_ratio(now_j, repeats.centre_j) for now_j in samples_j])
    sd = repeats_sd(suspect.entry, suspect.suite_sd)
    return Evidence(
        rises=(rise,),
        sd=look_sd(sd, len(samples_j)),
        baseline_error=centre_error(sd, repeats),
    )


def by_looks(suspect: Suspect, looks: Sequence[Look]) -> Evidence:
    """What independent looks say: their repeats held against the stored repeats."""
    entry = suspect.entry
    repeats = _stored_repeats(entry)
    rises = [
        trimmed_mean([log_ratio(now_j, repeats.centre_j) for now_j in look.samples_j])
        for look in looks
    ]
    sd = repeats_sd(entry, suspect.suite_sd)
    return Evidence(
        rises=rises,
        sd=look_sd(sd, min(len(look.samples_j) for look in looks)),
        baseline_error=centre_error(sd, repeats),
    )


def by_first_runs(suspect: Suspect, looks: Sequence[Look]) -> Evidence:
    """What fresh processes say of the first run: at the most so much more than in a whole run."""
    first = suspect.entry.first
    sd = first_sd(suspect.entry, suspect.suite_sd)
    return Evidence(
        rises=[log_ratio(look.first_j or 0.0, first.centre_j) for look in looks],
        sd=sd,
        baseline_error=centre_error(sd, first),
    )


def raw_agrees(suspect: Suspect, looks: Sequence[Look]) -> bool:
    """Whether the uncorrected figures rise, too, where the correction cannot be relied on."""
    entry = suspect.entry
    if entry.sensitivity is not None or entry.raw is None:
        return True
    repeat_j = entry.raw.centre_j
    if entry.repeats is not None:
        repeat_j *= entry.repeats.centre_j / entry.first.centre_j
    rises = [log_ratio(raw_j, repeat_j) for look in looks for raw_j in look.raw_j]
    return not rises or trimmed_mean(rises) > raw_limit_log(entry, suspect.policy)
