"""From looks to evidence: like held against like."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from pytest_carbon.gate.evidence import Evidence
from pytest_carbon.gate.screen import allowed
from pytest_carbon.gate.spread import centre_error, first_sd, look_sd, repeats_sd, trimmed_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.looks import Look, Suspect

__all__ = ["by_first_runs", "by_looks", "by_repeats", "log_ratio", "raw_agrees"]

# A counter that did not move counts as a great fall: zero has no logarithm.
LEAST_RATIO = 1e-3


def log_ratio(now_j: float, centre_j: float) -> float:
    """The logarithm of ``now_j / centre_j``; 0 where there is nothing to divide by."""
    return log(max(now_j / centre_j, LEAST_RATIO)) if centre_j > 0 else 0.0


def by_repeats(suspect: Suspect, samples_j: Sequence[float]) -> Evidence:
    """What repeats in a row say: a single look, held against the stored repeats."""
    repeats = suspect.entry.repeats
    assert repeats is not None, "asked only where repeats are stored"
    rise = trimmed_mean([log_ratio(now_j, repeats.centre_j) for now_j in samples_j])
    sd = repeats_sd(suspect.entry, suspect.suite_sd)
    return Evidence(
        rises=(rise,),
        sd=look_sd(sd, len(samples_j)),
        baseline_error=centre_error(sd, repeats),
    )


def by_looks(suspect: Suspect, looks: Sequence[Look]) -> Evidence:
    """What independent looks say, with all their samples: first held against first."""
    entry = suspect.entry
    repeats = entry.repeats
    assert repeats is not None, "asked only where repeats are stored"
    rises = []
    for look in looks:
        samples = [log_ratio(now_j, repeats.centre_j) for now_j in look.samples_j]
        if look.fresh_process:
            samples[0] = log_ratio(look.samples_j[0], entry.first.centre_j)
        rises.append(trimmed_mean(samples))
    sd = repeats_sd(entry, suspect.suite_sd)
    return Evidence(
        rises=rises,
        sd=look_sd(sd, min(len(look.samples_j) for look in looks)),
        baseline_error=centre_error(sd, repeats),
    )


def by_first_runs(suspect: Suspect, looks: Sequence[Look]) -> Evidence:
    """What fresh processes say of the first run alone."""
    first = suspect.entry.first
    sd = first_sd(suspect.entry, suspect.suite_sd)
    return Evidence(
        rises=[log_ratio(look.samples_j[0], first.centre_j) for look in looks],
        sd=sd,
        baseline_error=centre_error(sd, first),
    )


def raw_agrees(suspect: Suspect, looks: Sequence[Look]) -> bool:
    """Whether the uncorrected figures rise, too, where the correction cannot be relied on."""
    entry = suspect.entry
    if entry.sensitivity is not None or entry.raw is None:
        return True
    first_j = entry.raw.centre_j
    repeat_j = first_j
    if entry.repeats is not None:
        repeat_j *= entry.repeats.centre_j / entry.first.centre_j
    rises = [
        log_ratio(raw_j, first_j if look.fresh_process and index == 0 else repeat_j)
        for look in looks
        for index, raw_j in enumerate(look.raw_j)
    ]
    return not rises or trimmed_mean(rises) > allowed(entry, suspect.policy)
