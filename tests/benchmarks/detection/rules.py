"""Rules, each played on recorded runs: ours through the gate's own functions, others' as said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_carbon.baseline.entry import Entry
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.confirm import enough_j as enough
from pytest_carbon.gate.confirm import verdict_by_looks
from pytest_carbon.gate.looks import Look, Suspect
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.screen import CLOSE_SCREEN_SDS
from pytest_carbon.gate.spread import sample_sd, summarise
from pytest_carbon.looks.confirm import REPEATS as REPEATS_IN_LOOK
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY, fit_sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from recordings import Recording

# What a refresh stores at most: fresh processes, and runs after the first one in each look.
ROUNDS = 10
REPEATS = 3

# The size of the suite whose false alarms are limited, and its usual spread.
SUITE_SIZE = 500
SUITE_SD = 0.07

# No floor: what is asked is what noise does, not what is too small to matter.
DEFAULT = Policy(floor_j=0.0)
THOROUGH = DEFAULT.in_thorough_mode()


class Played(NamedTuple):
    """One check of one test: its outcome, and what it took: runs of the test, and looks."""

    outcome: str
    runs: int
    looks: int


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
        look=summarise(energy_j[kept].tolist()),
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
    suite_sd = SUITE_SD if corrected else sample_sd(entry.look or entry.first, 0.2)
    bounds = Bounds.of(entry, policy, suite_sd, CLOSE_SCREEN_SDS)
    for process in split.check[:checks].tolist():
        others = rng.permutation(split.check[split.check != process]).tolist()
        for extra in extras:
            factor = 1 + extra
            now_j, raw_now_j = energy_j[process] * factor, raw_j[process] * factor
            if not policy.thorough and not bounds.is_suspect(float(now_j[0]), float(raw_now_j[0])):
                yield process, extra, Played("passed", 0, 0)
                continue
            suspect = Suspect(bounds=bounds, first_j=float(now_j[0]), suite_size=SUITE_SIZE)
            yield (
                process,
                extra,
                _confirm(suspect, (energy_j, raw_j), others, factor),
            )


def _confirm(
    suspect: Suspect,
    all_j: tuple[NDArray[np.float64], NDArray[np.float64]],
    others: list[int],
    factor: float,
) -> Played:
    looks: list[Look] = []
    runs = 0
    enough_j = enough(suspect, REPEATS_IN_LOOK)
    while True:
        verdict = verdict_by_looks(suspect, looks)
        if verdict is not None:
            return Played(verdict.outcome.value, runs, len(looks))
        # Short of processes (thorough mode, few recorded), one is asked again.
        process = others[len(looks) % len(others)]
        energy_j, raw_j = (figures[process] * factor for figures in all_j)
        stop = slice(1, 1 + REPEATS_IN_LOOK)
        if not looks and enough_j and energy_j[0] <= enough_j[0]:
            stop = slice(0, 1)
        samples_j = tuple(energy_j[stop].tolist())
        runs += 1 + (len(samples_j) if stop.start else 0)
        looks.append(
            Look(
                first_j=float(energy_j[0]),
                samples_j=samples_j,
                raw_j=tuple(raw_j[stop].tolist()),
            )
        )


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
