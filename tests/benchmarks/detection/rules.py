"""Rules, each played on recorded runs: ours through the gate's own functions, others' as said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_carbon.baseline.entry import Entry
from pytest_carbon.gate.confirm import next_step
from pytest_carbon.gate.looks import FreshProcess, Look, Suspect
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.screen import is_suspect
from pytest_carbon.gate.spread import repeats_sd, summarise
from pytest_carbon.gate.verdict import Verdict
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY, fit_sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from recordings import Recording

# What a refresh gathers by default: fresh processes, and repeats in each.
ROUNDS = 10
REPEATS = 3

# The size of the suite whose false alarms are limited, and its usual spread.
SUITE_SIZE = 500
SUITE_SD = 0.07

# No floor: what is asked is what noise does, not what is too small to matter.
DEFAULT = Policy(floor_j=0.0)
THOROUGH = DEFAULT.in_thorough_gear()


class Played(NamedTuple):
    """One check of one test: its outcome and what it took."""

    outcome: str
    repeats: int
    fresh: int


@dataclass(frozen=True)
class Split:
    """Processes for the baseline, and processes to check, of one test."""

    recording: Recording
    base: NDArray[np.int_]
    check: NDArray[np.int_]


def splits(
    recording: Recording, rng: np.random.Generator, draws: int, noisy: bool | None
) -> Iterator[Split]:
    """Draw baselines among quiet processes and checks among the others.

    ``noisy``: check processes that had a neighbour, or none; ``None`` for all.
    """
    quiet = np.flatnonzero(~recording.noisy)
    for _ in range(draws):
        base = rng.permutation(quiet)[:ROUNDS]
        rest = np.setdiff1d(np.arange(len(recording.noisy)), base)
        if noisy is not None:
            rest = rest[recording.noisy[rest] == noisy]
        yield Split(recording, base, rng.permutation(rest))


def entry_for(split: Split, *, corrected: bool) -> tuple[Entry, NDArray[np.float64]]:
    """The baseline, and all energies in joules as they would be measured against it."""
    raw_j, probe_ns = split.recording.raw_j, split.recording.probe_ns
    kept = split.base[:, None], np.arange(1, 1 + REPEATS)[None, :]
    sensitivity, energy_j = None, raw_j
    if corrected:
        both = zip(raw_j[kept].tolist(), probe_ns[kept].tolist(), strict=True)
        fit = fit_sensitivity(list(zip(*process, strict=True)) for process in both)
        sensitivity = fit.exponent if fit is not None and fit.is_known else None
        exponent = DEFAULT_SENSITIVITY if sensitivity is None else sensitivity
        energy_j = raw_j * (np.median(probe_ns) / probe_ns) ** exponent
    wall_s = float(np.median(raw_j)) / 1.6
    entry = Entry(
        first=summarise(energy_j[split.base, :1].tolist()),
        repeats=summarise(energy_j[kept].tolist()),
        raw=summarise(raw_j[split.base, :1].tolist()) if corrected else None,
        cpu_s=wall_s,
        wall_s=wall_s,
        sensitivity=sensitivity,
    )
    return entry, energy_j


def play(
    split: Split,
    rng: np.random.Generator,
    policy: Policy,
    extras: tuple[float, ...],
    *,
    corrected: bool,
    checks: int,
) -> Iterator[tuple[int, float, Played]]:
    """Run the gate on ``checks`` processes, each with every extra cost: process, extra, outcome."""
    entry, energy_j = entry_for(split, corrected=corrected)
    raw_j = split.recording.raw_j
    # In raw CPU time the whole suite scatters more, which the gate would know.
    suite_sd = SUITE_SD if corrected else repeats_sd(entry.repeats or entry.first, 0.2)
    for process in split.check[:checks].tolist():
        others = rng.permutation(split.check[split.check != process]).tolist()
        for extra in extras:
            factor = 1 + extra
            now_j, raw_now_j = energy_j[process] * factor, raw_j[process] * factor
            if not policy.thorough and not is_suspect(
                float(now_j[0]), entry, policy, suite_sd, float(raw_now_j[0])
            ):
                yield process, extra, Played("passed", 0, 0)
                continue
            suspect = Suspect(
                entry=entry,
                first_j=float(now_j[0]),
                policy=policy,
                suite_sd=suite_sd,
                suite_size=SUITE_SIZE,
            )
            yield (
                process,
                extra,
                _confirm(suspect, (now_j, raw_now_j), (energy_j, raw_j), others, factor),
            )


def _confirm(
    suspect: Suspect,
    own: tuple[NDArray[np.float64], NDArray[np.float64]],
    all_j: tuple[NDArray[np.float64], NDArray[np.float64]],
    others: list[int],
    factor: float,
) -> Played:
    looks: list[Look] = []
    repeats = fresh = 0
    while True:
        step = next_step(suspect, looks, 0.0)
        if isinstance(step, Verdict):
            return Played(step.outcome.value, repeats, fresh)
        if isinstance(step, FreshProcess):
            # Short of processes (thorough gear, few recorded), one is asked again.
            process = others[fresh % len(others)]
            samples, raws = (
                tuple((figures[process, 1 : 1 + step.repeats] * factor).tolist())
                for figures in all_j
            )
            first_j = float(all_j[0][process, 0]) * factor
            fresh += 1
        else:
            start = 1 + repeats
            samples, raws = (tuple(figures[start : start + step.count].tolist()) for figures in own)
            first_j = None
            repeats += step.count
        looks.append(Look(samples_j=samples, raw_j=raws, first_j=first_j))


def play_single_run(
    split: Split,
    statistic: str,
    tolerance: float,
    extras: tuple[float, ...],
    *,
    corrected: bool,
    checks: int,
) -> Iterator[tuple[int, float, Played]]:
    """pytest-benchmark's way: a statistic of all rounds of one run against one stored run."""
    _, energy_j = entry_for(split, corrected=corrected)
    reduce = np.min if statistic == "min" else np.median
    stored_j = float(reduce(energy_j[split.base[0]]))
    for process in split.check[:checks].tolist():
        now_j = float(reduce(energy_j[process]))
        for extra in extras:
            failed = now_j * (1 + extra) > stored_j * (1 + tolerance)
            yield process, extra, Played("regressed" if failed else "passed", 0, 0)
