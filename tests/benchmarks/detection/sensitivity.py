"""How a test's sensitivity to the core's speed is best fitted, on the recorded measurements.

    python tests/benchmarks/detection/sensitivity.py

Baselines of ten processes with three repeats each, drawn from all processes of a recording or
from those of nearly one speed, are fitted by single runs, by the means of processes, or not at
all. The other processes are then corrected with that. A table of how often a sensitivity counts
as known, how often as below 0.6 (few tests truly are), and of what is left: the standard deviation
and the 99th percentile of the logarithm of four repeats over the baseline.

A second table shows what it costs to ask the uncorrected figure, too, by how much is known: how
often an unchanged test, and one that costs 30 % more, rises by more than 20 % once it is corrected
(alone), and by 10 % without the correction as well (both). Needs numpy.
"""

from __future__ import annotations

import sys
from itertools import product
from math import log1p
from typing import TYPE_CHECKING

import numpy as np
from recordings import load

from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY, Sensitivity, fit_sensitivity

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from recordings import Recording

    Processes: TypeAlias = list[list[tuple[float, float]]]
    Fit: TypeAlias = Callable[[Processes], Sensitivity | None]

PROCESSES = 10
REPEATS = slice(1, 4)
LOOK = slice(1, 5)
DRAWS = 150

# A rise beyond the tolerance, and what the uncorrected figure has to show of it.
ALLOWED_LOG = log1p(0.2)
RAW_LOG = ALLOWED_LOG / 2
RISE_LOG = log1p(0.3)

FITS: dict[str, Fit] = {
    "single runs": lambda processes: fit_sensitivity([[run] for p in processes for run in p]),
    "means of processes": fit_sensitivity,
    "none": lambda _: None,
}


def baseline(
    recording: Recording, rng: np.random.Generator, *, steady: bool
) -> tuple[list[int], int]:
    """The processes of a baseline, and another process."""
    count = len(recording.raw_j)
    order = rng.permutation(count)
    if steady:
        by_speed = np.argsort(np.log(recording.probe_ns[:, LOOK]).mean(axis=1))
        start = int(rng.integers(0, max(1, count // 3)))
        base = by_speed[start : start + PROCESSES]
        order = np.array([*base, *(process for process in order if process not in base)])
    return order[:PROCESSES].tolist(), int(order[PROCESSES])


def of_baseline(recording: Recording, base: list[int]) -> Processes:
    """The runs of the processes of a baseline."""
    cpu, probe = recording.raw_j, recording.probe_ns
    return [
        list(zip(cpu[p, REPEATS].tolist(), probe[p, REPEATS].tolist(), strict=True)) for p in base
    ]


def rise_log(recording: Recording, base: list[int], other: int, exponent: float) -> float:
    """How much more another process takes than a baseline, corrected with a sensitivity."""
    left = np.log(recording.raw_j) - exponent * np.log(recording.probe_ns)
    return float(left[other, LOOK].mean() - np.median(left[base, REPEATS].mean(axis=1)))


def fitted(
    recording: Recording, rng: np.random.Generator, *, steady: bool
) -> dict[str, tuple[bool, bool, float]]:
    """By each fit of a baseline: whether it is known, or below 0.6; and another process's rise."""
    base, other = baseline(recording, rng, steady=steady)
    processes = of_baseline(recording, base)
    rows = {}
    for fit, by in FITS.items():
        found = by(processes)
        known = found is not None and found.is_known
        exponent = found.exponent if found and known else DEFAULT_SENSITIVITY
        rise = rise_log(recording, base, other, exponent)
        rows[fit] = known, known and exponent < 0.6, rise
    return rows


def by_knowledge(recording: Recording, rng: np.random.Generator) -> tuple[str, float, float]:
    """How well a baseline's sensitivity is known; another process's rise, and uncorrected."""
    base, other = baseline(recording, rng, steady=False)
    found = fit_sensitivity(of_baseline(recording, base))
    kind, exponent = "not known", DEFAULT_SENSITIVITY
    if found is not None and found.is_known:
        kind = "known" if found.weight >= 0.5 else "follows"
        exponent = found.exponent
    rises = (rise_log(recording, base, other, e) for e in (exponent, 0.0))
    return kind, *rises


def alone_and_both(rises_log: np.ndarray, raws_log: np.ndarray) -> str:
    """How many rise beyond the tolerance when corrected, and how many in both figures."""
    alone = rises_log > ALLOWED_LOG
    both = alone & (raws_log > RAW_LOG)
    return f"{alone.mean():7.1%} {both.mean():7.1%}"


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(4)
    lines = ["recording  baseline  fitted by            known  below 0.6  sd     99 %"]
    for name, steady in product(("repeats", "sessions"), (True, False)):
        long_enough = [r for r in load(name) if len(r.raw_j) > PROCESSES]
        drawn = [fitted(r, rng, steady=steady) for r in long_enough for _ in range(DRAWS)]
        for fit in FITS:
            known, low, rises = np.array([rows[fit] for rows in drawn]).T
            lines.append(
                f"{name:10} {'steady' if steady else 'any':9} {fit:20} {known.mean():5.0%}"
                f"  {low.mean():8.1%}  {rises.std():.3f}  {np.quantile(rises, 0.99):.3f}"
            )
    lines += ["", "recording  sensitivity  share  unchanged: alone, both  +30 %: alone, both"]
    for name in ("repeats", "sessions"):
        long_enough = [r for r in load(name) if len(r.raw_j) > PROCESSES]
        found = [by_knowledge(r, rng) for r in long_enough for _ in range(DRAWS)]
        for kind in ("known", "follows", "not known"):
            rises, raws = np.array([rest for which, *rest in found if which == kind]).T
            lines.append(
                f"{name:10} {kind:11} {len(rises) / len(found):6.0%}  "
                f"{alone_and_both(rises, raws):>23}  "
                f"{alone_and_both(rises + RISE_LOG, raws + RISE_LOG):>18}"
            )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
