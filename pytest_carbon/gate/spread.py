"""Spreads: how far samples lie apart by chance, and the centre of a few of them.

All spreads are standard deviations of natural logarithms: 0.1 is about 10 %. Samples that
follow each other share the moment and the process, so their mean is never as good as a
square root of their number promises; and the tails are heavy, so chances are reckoned with
Student's t of four degrees of freedom instead of the normal distribution.
"""

from __future__ import annotations

from math import acos, cos, exp, log, pi, sqrt
from operator import mul
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.baseline.entry import Entry

__all__ = [
    "ONE_SIDED_95",
    "SHARED",
    "TYPICAL_SD",
    "centre_error",
    "disk_drift",
    "first_sd",
    "hodges_lehmann",
    "look_sd",
    "robust_sd",
    "sample_sd",
    "sd_here",
    "shrunk_sd",
    "suite_sd",
    "summarise",
    "t_quantile",
    "t_tail",
    "trimmed_mean",
    "within",
]

# One speed-corrected run on a shared 2-core machine: 0.05 at 200 ms, 0.07 at 20 ms, 0.10 at
# 1 ms (docs/explanation/gate.md). Taken where nothing is known yet.
TYPICAL_SD = 0.10

# The part of a run's variance that repeats in a row share: 0.14 to 0.57 over the recorded
# tests, 0.25 in the middle; more than that, as too little would be overconfident.
SHARED = 0.35

# The suite's spread weighs as much as this many samples of a test's own (chosen).
PRIOR_SAMPLES = 6.0

# What the kernel does for a test that writes to a disk costs more for minutes or hours and less in
# others, whatever the speed of the core: unchanged, with a kernel's share of 0.6, such tests were
# seen at 1.0 to 1.6 times their baseline on a quiet machine, at up to 1.9 times on a busy one.
# Starting processes, with a share of 0.4, stayed within 10 %.
DISK_SD = 0.6

# No spread is smaller: clocks, probes and rounded baselines add this much to any test.
LEAST_SD = 0.01

# One-sided 95 % of the normal distribution.
ONE_SIDED_95 = 1.645

# For normal samples the scale of Student's t with four degrees of freedom that fits best is
# this part of their standard deviation.
T_SCALE_OF_NORMAL = 0.831

# A fit is good enough where its next step changes the variance by less than this part of it.
FIT_PRECISION = 1e-4
MOST_FIT_STEPS = 100

# One run in another process and another hour scatters by this much at least, however steady the ten
# processes of a refresh were, which ran within minutes: of tests with a stored spread of 0.01 to
# 0.03 one in 20 cost 8 to 15 % less in a run of the next hour than it should have.
LEAST_RUN_SD = 0.045


def shrunk_sd(sd: float | None, samples: float, prior_sd: float) -> float:
    """A spread seen in few samples, drawn towards what the suite's other tests show."""
    if sd is None or samples <= 1:
        return max(prior_sd, LEAST_SD)
    own = samples - 1
    variance = (own * sd * sd + PRIOR_SAMPLES * prior_sd * prior_sd) / (own + PRIOR_SAMPLES)
    return max(sqrt(variance), LEAST_SD)


def _independent(spread: Spread) -> float:
    """The number of independent samples that ``spread`` is worth."""
    each = spread.samples / spread.processes
    return spread.samples / (1 + (each - 1) * SHARED)


def sample_sd(look: Spread, prior_sd: float = TYPICAL_SD) -> float:
    """The spread of one run in a look, over processes and moments."""
    return max(shrunk_sd(look.sd_log, _independent(look), prior_sd), LEAST_RUN_SD)


def first_sd(entry: Entry, prior_sd: float = TYPICAL_SD) -> float:
    """The spread of a first run; the same test's runs in looks, which are many, are its prior."""
    look = entry.look
    if look is not None:
        prior_sd = shrunk_sd(look.sd_log, _independent(look), prior_sd)
    return max(shrunk_sd(entry.first.sd_log, entry.first.samples, prior_sd), LEAST_RUN_SD)


def within(groups: Iterable[Sequence[float]]) -> tuple[float, int]:
    """The squares of the values' distances from the means of their groups, and their freedom."""
    squares, freedom = 0.0, 0
    for values in groups:
        mean = sum(values) / len(values)
        squares += sum((value - mean) ** 2 for value in values)
        freedom += len(values) - 1
    return squares, freedom


def sd_here(sd: float, stored: Spread, looks: Iterable[Sequence[float]]) -> float:
    """The spread of one run: what is stored (``sd``), or more where looks show more of it now.

    ``looks`` are logarithms of samples, look by look. Those of one look share their moment, so
    what they lie apart lacks that part of the variance.
    """
    squares, freedom = within(looks)
    weight = _independent(stored) + PRIOR_SAMPLES
    variance = (weight * sd * sd + squares / (1 - SHARED)) / (weight + freedom)
    return max(sd, sqrt(variance))


def look_sd(sd: float, samples: int) -> float:
    """The spread of the centre of ``samples`` runs that follow each other in one process."""
    return sd * sqrt(SHARED + (1 - SHARED) / samples)


def centre_error(sd: float, spread: Spread) -> float:
    """How far a stored centre may be off: the standard error of its logarithm."""
    return sd * sqrt(SHARED / spread.processes + (1 - SHARED) / spread.samples)


def disk_drift(entry: Entry) -> float:
    """How far a test's true cost may have moved since its baseline, for the disk's part in it."""
    return DISK_SD * (entry.disk_share or 0.0)


def suite_sd(entries: Iterable[Entry], floor_j: float) -> float:
    """The spread of a usual test of the suite: the median over tests, ``TYPICAL_SD`` for none.

    Only tests of ``floor_j`` and more count: what cannot be gated by itself scatters by something
    else, and six empty tests beside a single long one hid a rise of 50 % in it.
    """
    known = sorted(
        spread.sd_log
        for entry in entries
        if not entry.is_short and entry.first.centre_j >= floor_j
        for spread in (entry.look or entry.first,)
        if spread.sd_log is not None and spread.samples > 2
    )
    return max(known[len(known) // 2], LEAST_SD) if known else TYPICAL_SD


def trimmed_mean(values: Sequence[float], cut: float = 0.2) -> float:
    """The mean without the lowest and the highest fifth."""
    ordered = sorted(values)
    drop = int(len(ordered) * cut)
    kept = ordered[drop : len(ordered) - drop]
    return sum(kept) / len(kept)


def hodges_lehmann(values: Sequence[float]) -> float:
    """The median of all means of two values (each with itself, too): robust, yet precise."""
    means = sorted(
        (one + other) / 2 for index, one in enumerate(values) for other in values[index:]
    )
    middle = len(means) // 2
    return means[middle] if len(means) % 2 else (means[middle - 1] + means[middle]) / 2


def robust_sd(values: Sequence[float]) -> float:
    """The standard deviation of at least two values of which a few may be far out.

    The scale of the Student's t with four degrees of freedom that is most likely to draw them
    (Lange, Little and Taylor 1989, "Robust statistical modeling using the t distribution"), made
    to agree with the standard deviation where they are normal: within 2 % from ten values on, 4 %
    too high for five. One of ten that lies 5 sd out makes it 1.35 times as great and not 1.9 times.
    """
    count = len(values)
    centre = sum(values) / count
    variance = sum((value - centre) ** 2 for value in values) / count
    for _ in range(MOST_FIT_STEPS):
        if variance < LEAST_SD**2 / 100:
            break  # No spread is taken for so small a one; the steps never end at 0.
        weights = [5 / (4 + (value - centre) ** 2 / variance) for value in values]
        centre = sum(map(mul, weights, values)) / sum(weights)
        previous = variance
        squares = ((value - centre) ** 2 for value in values)
        variance = sum(map(mul, weights, squares)) / count
        if abs(variance - previous) <= FIT_PRECISION * previous:
            break
    return sqrt(variance * count / (count - 1)) / T_SCALE_OF_NORMAL


def summarise(processes: Iterable[Sequence[float]]) -> Spread:
    """What to store of samples in joules, given process by process.

    Each process weighs the same in the centre, however many samples it gave; one in many that went
    wrong neither moves it far nor adds much to the spread. Raises ``ValueError`` where a sample is
    not more than nothing: it has no logarithm.
    """
    groups = [[log(sample_j) for sample_j in group] for group in processes if group]
    samples = [value for group in groups for value in group]
    centre = hodges_lehmann([trimmed_mean(group) for group in groups])
    sd = robust_sd(samples) if len(samples) > 1 else None
    return Spread(centre_j=exp(centre), sd_log=sd, samples=len(samples), processes=len(groups))


def t_tail(t: float) -> float:
    """The chance that Student's t with four degrees of freedom exceeds ``t``."""
    if t < 0:
        return 1 - t_tail(-t)
    root = sqrt(4 + t * t)
    x = t / root
    # (1 - x)² (2 + x) / 4, with 1 - x written so that far tails keep their digits.
    return (4 / (root * (root + t))) ** 2 * (2 + x) / 4


def t_quantile(tail: float) -> float:
    """The ``t`` that Student's t with four degrees of freedom exceeds with chance ``tail``.

    ``tail`` lies between 0 and 1, exclusive.
    """
    # The root in [-1, 1] of x³ - 3x + 2 - 4·tail, from t_tail.
    x = 2 * cos((acos(2 * tail - 1) + 4 * pi) / 3)
    return 2 * x / sqrt(max(1 - x * x, 1e-30))
