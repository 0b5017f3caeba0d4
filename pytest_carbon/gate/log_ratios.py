"""From looks to evidence: like held against like."""

from __future__ import annotations

from math import expm1, hypot, log, log1p
from typing import TYPE_CHECKING

from pytest_carbon.gate.evidence import Evidence
from pytest_carbon.gate.spread import (
    centre_error,
    disk_drift,
    look_sd,
    sample_sd,
    sd_here,
    trimmed_mean,
)
from pytest_carbon.gate.trend import STEEPEST, fit_trend
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.baseline.entry import Entry, Spread
    from pytest_carbon.gate.looks import Look, Suspect

__all__ = [
    "by_first_runs",
    "by_looks",
    "is_the_disk",
    "log_ratio",
    "one_look",
    "raw_agrees",
]

# A counter that did not move counts as a great fall: zero has no logarithm.
LEAST_RATIO = 1e-3

# What the runs of an hour share and another hour's do not (neighbours on the disk and in the
# caches): all of one run's spread where that is this much or more, and a part of it where it is
# less. Files written on a busy disk cost 1.3 to 1.9 times as much for minutes on end, with a
# spread of 0.15 to 0.3, while the median of all other tests stayed within 3 %. No number of looks
# now averages that out.
HOUR_SD = 0.15

# Two refreshes within hours of each other found sensitivities that differ by 0.07 (mean of 20
# tests; 0.23 at most).
KNOWN_BY = 0.1

# No core is a thousand times slower than another: a sample of next to nothing is no speed.
MOST_CORRECTION_LOG = -log(LEAST_RATIO)

# Below it a correction says too little of the speed that it was made for.
LEAST_SENSITIVITY = 0.1


def log_ratio(now_j: float, centre_j: float) -> float:
    """The logarithm of ``now_j / centre_j``; 0 where there is nothing to divide by."""
    return log(max(now_j / centre_j, LEAST_RATIO)) if centre_j > 0 else 0.0


def _baseline_error(sd: float, stored: Spread, suspect: Suspect, looks: Sequence[Look]) -> float:
    """How far a stored centre may be off by now: its own error, and what another hour changes."""
    bounds = suspect.bounds
    error = centre_error(sd, stored)
    # A test that writes more than it may rise by costs more in any hour.
    if _write_more(looks, bounds.blocks_with(bounds.allowed_log)):
        return error
    hour_sd = sd * min(1.0, sd / HOUR_SD)
    drift = 0.0 if _write_more(looks, bounds.most_blocks) else disk_drift(bounds.entry)
    return hypot(error, hour_sd, drift)


def _write_more(looks: Sequence[Look], blocks: float) -> bool:
    """Whether all looks write more to the disk than so much: what that costs is their own doing."""
    return blocks > 0 and bool(looks) and all(look.blocks_written > blocks for look in looks)


def is_the_disk(suspect: Suspect, evidence: Evidence, looks: Sequence[Look]) -> bool:
    """Whether the disk, which costs more in some hours, explains what the looks show."""
    bounds = suspect.bounds
    if not bounds.entry.blocks_written or _write_more(looks, bounds.most_blocks):
        return False
    return evidence.ratio_log < bounds.drift_log


def one_look(suspect: Suspect, samples: int) -> Evidence:
    """What a single look of so many samples can say; its ratio is that of an unchanged test."""
    stored = suspect.bounds.stored_look
    sd = sample_sd(stored, suspect.bounds.suite_sd)
    return Evidence(
        ratios_log=(0.0,),
        sd=look_sd(sd, samples),
        baseline_error=_baseline_error(sd, stored, suspect, ()),
    )


def by_looks(suspect: Suspect, looks: Sequence[Look]) -> Evidence:
    """What looks say: their samples held against the stored ones. All must have samples.

    Where most of the cost is the first run's, what later runs cost more is held against that.
    """
    bounds = suspect.bounds
    entry, stored = bounds.entry, bounds.stored_look
    part = min(1.0, stored.centre_j / bounds.centre_j) if bounds.is_mostly_first else 1.0
    ratios = [[log_ratio(now_j, stored.centre_j) for now_j in look.samples_j] for look in looks]
    sd = sample_sd(stored, bounds.suite_sd)
    if not bounds.policy.thorough:
        # Another machine on the same cores, in bursts of a second, once made numpy's product of
        # matrices 30 % costlier in both looks that decide (29 November 2026). Runs of such a look
        # lie 1.3 to 1.6 times apart. Of many looks those in bursts disagree with the others.
        sd = sd_here(sd, stored, ratios)
    one_sd = look_sd(sd, min(map(len, ratios)))
    ratios_log = [trimmed_mean(of_look) for of_look in ratios]
    usual_error = STEEPEST if entry.sensitivity is None else KNOWN_BY
    trend = fit_trend(_slownesses_log(entry, looks), ratios_log, one_sd, usual_error)
    return Evidence(
        ratios_log=[_of_the_whole_log(ratio_log, part) for ratio_log in trend.levelled(ratios_log)],
        sd=part * one_sd,
        baseline_error=part * _baseline_error(sd, stored, suspect, looks),
        excess_log=trend.excess_log,
    )


def _slownesses_log(entry: Entry, looks: Sequence[Look]) -> list[float]:
    """How much slower the core was than for the baseline: logarithms of the kernel's time."""
    if entry.raw is None:
        return [0.0] * len(looks)
    sensitivity = DEFAULT_SENSITIVITY if entry.sensitivity is None else entry.sensitivity
    usual_log = log_ratio(entry.raw.centre_j, entry.first.centre_j)
    sensitivity = max(sensitivity, LEAST_SENSITIVITY)
    return [(_correction_log(look, usual_log) - usual_log) / sensitivity for look in looks]


def _of_the_whole_log(ratio_log: float, part: float) -> float:
    """The rise of something of which only ``part`` rises; both as logarithms."""
    return log1p(part * expm1(ratio_log))


def by_first_runs(suspect: Suspect, looks: Sequence[Look]) -> Evidence:
    """What the first runs in looks say, held against those of whole sessions."""
    first, sd = suspect.bounds.entry.first, suspect.bounds.first_sd
    return Evidence(
        ratios_log=[log_ratio(look.first_j, first.centre_j) for look in looks],
        sd=sd,
        baseline_error=_baseline_error(sd, first, suspect, looks),
    )


def _correction_log(look: Look, usual_log: float) -> float:
    """How much a look was corrected for speed; ``usual_log`` where it does not say."""
    corrections_log = [
        min(log_ratio(raw_j, sample_j), MOST_CORRECTION_LOG)
        for raw_j, sample_j in zip(look.raw_j, look.samples_j, strict=False)
    ]
    return trimmed_mean(corrections_log) if corrections_log else usual_log


def raw_agrees(suspect: Suspect, looks: Sequence[Look]) -> bool:
    """Whether the uncorrected figures rise, too, where the correction cannot be relied on."""
    bounds, entry = suspect.bounds, suspect.bounds.entry
    if entry.sensitivity is not None or entry.raw is None:
        return True
    sample_j = entry.raw.centre_j * bounds.stored_look.centre_j / bounds.centre_j
    ratios_log = [log_ratio(raw_j, sample_j) for look in looks for raw_j in look.raw_j]
    return not ratios_log or trimmed_mean(ratios_log) > bounds.raw_log
