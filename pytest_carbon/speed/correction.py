"""Speed-corrected CPU time: pure functions on numbers.

A core that a stranger shares needs 1.0 or 1.8 times the CPU time for the same work. The work
done in a stretch of CPU time is that time divided by what the kernel takes meanwhile, so the
work of a measurement is ``cpu * mean(1 / probe)``: the harmonic mean of the probes counts, not
the arithmetic. With two probes at the edges of recorded tests the harmonic mean leaves a
standard deviation of 0.096 where the arithmetic leaves 0.102 (tests of 1 ms; 0.083 and 0.091
for some of 20 ms); with many probes the two agree.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.speed.probe import SpeedReading

__all__ = [
    "DEFAULT_SENSITIVITY",
    "MIN_REFERENCE_PROBES",
    "MIN_SENSITIVITY_PROCESSES",
    "Sensitivity",
    "corrected_cpu_s",
    "fit_sensitivity",
    "is_credible",
    "mean_probe_ns",
    "reference_probe_ns",
]

# Most Python work lies between 0.8 and 1.1 (recorded: 18 workloads, 40 processes).
DEFAULT_SENSITIVITY = 0.9

# How far tests' sensitivities lie around the default. Of 0.1 to 0.5, tried on recorded runs
# (fitted on 8 processes, judged on 32 others), 0.1 to 0.2 predict best from few samples and all
# do from many; below 0.15 a test that does not follow the speed is recognised too late.
_PRIOR_SD = 0.15

# A fit that lies closer below the default is taken for it unless it is so many standard errors
# away: errors of the probe flatten a slope and never make it steeper, and 0.75 instead of 0.9 was
# enough for a false alarm whenever a neighbour slowed the core. So was 0.9 instead of 1.26: what
# lies above the default is what it is.
_LIKE_DEFAULT = 0.25
_SURE_SDS = 3.0

# A test whose slope is so many standard errors above this follows the speed, though noise may hide
# how far. Its corrected figure can be relied on: of recorded unchanged tests of that kind 1.1 %
# rise by 20 %, whether or not the uncorrected figure has to rise, too. With that, 25 % of all
# rises of 30 % are missed, and without 14 % (tests/benchmarks/detection/sensitivity.py).
_FOLLOWS = 0.4
_FOLLOWS_SDS = 2.0

# What is left of a run after the correction never averages below this (recorded: 0.02 to 0.04).
_LEAST_RESIDUAL_SD = 0.03

# The least error of a measurement's mean probe. At a steady speed 0.01 was seen at 200 ms and 0.02
# to 0.04 at 20 ms, and up to 0.06 with many processes on the cores. Where the speed has changed by
# little more, it says nothing of the sensitivity; and one wrongly believed to be near 0 makes false
# alarms when the speed changes for once, as raw and corrected figures then rise alike.
# Shorter tests have fewer probes: one of a millisecond has one, and not of its own moment.
_PROBE_SD = 0.07
_PROBE_SD_FROM_S = 0.020

MIN_SENSITIVITY_PROCESSES = 5

# The 5th percentile of 200 probes differs between processes by 0.02 to 0.06 (sd of logs); that
# of the median by 0.15 and that of the minimum of 80 by 0.10.
MIN_REFERENCE_PROBES = 200
_REFERENCE_QUANTILE = 0.05

# No core takes the kernel faster than a microsecond, nor slower than a tenth of a second.
_FASTEST_NS = 1e3
_SLOWEST_NS = 1e8


def is_credible(probe_ns: float) -> bool:
    """Whether a kernel can have taken this time on any machine."""
    return _FASTEST_NS <= probe_ns <= _SLOWEST_NS


def mean_probe_ns(start: SpeedReading, end: SpeedReading) -> float | None:
    """The kernel's time that held between two readings, in ns; ``None`` where nothing was seen.

    The harmonic mean of the probes in between and the last one before. Sums that cannot be
    (counts that fall, times beyond belief) are not believed; the probe before stands alone.
    """
    before = start.before_inverse
    seen = 1.0 if before > 0 else 0.0
    weight = end.weight - start.weight
    inverse_sum = end.inverse_sum - start.inverse_sum
    between = weight > 0 and inverse_sum > 0 and is_credible(weight / inverse_sum)
    if between:
        return (weight + seen) / (inverse_sum + before)
    return 1 / before if seen and is_credible(1 / before) else None


def corrected_cpu_s(
    cpu_s: float,
    probe_ns: float | None,
    reference_ns: float | None,
    sensitivity: float = DEFAULT_SENSITIVITY,
) -> float:
    """CPU seconds at the reference's speed: ``cpu_s * (reference / probe) ** sensitivity``.

    Where probe or reference is unknown there is nothing to correct with: ``cpu_s`` as it is.
    Raises ``ValueError`` for times that are not positive.
    """
    if probe_ns is None or reference_ns is None:
        return cpu_s
    if probe_ns <= 0 or reference_ns <= 0:
        raise ValueError(f"a probe takes some time: {probe_ns} ns against {reference_ns} ns")
    return float(cpu_s * (reference_ns / probe_ns) ** sensitivity)


def reference_probe_ns(probes_ns: Sequence[float]) -> float | None:
    """The kernel's time on a core that runs at its best, in ns: the probes' 5th percentile.

    Single probes or the means of measurements, all of one kind; ``None`` with fewer than
    ``MIN_REFERENCE_PROBES``. A reference belongs to an environment: it
    is stored with the first baselines and kept from then on, because an error in it scales all
    figures alike and cancels in every comparison, while a new one each session would not.
    """
    if len(probes_ns) < MIN_REFERENCE_PROBES:
        return None
    return sorted(probes_ns)[int(len(probes_ns) * _REFERENCE_QUANTILE)]


class Sensitivity(NamedTuple):
    """How much a test's CPU time follows the kernel's: 1 fully, 0 not at all.

    ``weight`` is the part of ``exponent`` that the test's own samples decided (0 to 1); the
    rest is ``DEFAULT_SENSITIVITY``. ``least`` is what it surely is not below, by these samples
    alone.
    """

    exponent: float
    weight: float
    least: float
    processes: int

    @property
    def is_known(self) -> bool:
        """Whether the test's own samples decided more than the default, or show that it follows."""
        return self.weight >= 0.5 or self.least > _FOLLOWS


def fit_sensitivity(
    *kinds: Iterable[Sequence[tuple[float, float]]],
) -> Sensitivity | None:
    """Fit log CPU time = a + b · log probe time to a test's (cpu_s, probe_ns), process by process.

    Each kind of run (first ones, repeats, runs alone in their process) has an ``a`` of its own;
    ``b`` is the same. Least squares over the means of the processes, drawn towards
    ``DEFAULT_SENSITIVITY`` by as much as they leave open (few of them, a change of speed that the
    probe's error explains, much other noise), and the default itself where they do not lie clearly
    below. The probe's error shows in how far it differs between the runs of one process, which
    share the moment: a few bad probes among runs at one speed look like a test that does not follow
    it (of recorded baselines from one speed, single runs wrongly put 9 % below 0.6, means 0.3 %:
    ``tests/benchmarks/detection/sensitivity.py``).

    ``None`` with fewer than ``MIN_SENSITIVITY_PROCESSES`` in all, of which the first of each kind
    only says what ``a`` is. Samples that are not positive say nothing and are left out.
    """
    by_kind = [groups for kind in kinds if (groups := _logs(kind))]
    count = 1 + sum(len(groups) - 1 for groups in by_kind)
    if count < MIN_SENSITIVITY_PROCESSES:
        return None
    points = [point for groups in by_kind for point in _about_the_mean(groups)]
    seen = sum(x * x for x, _ in points)
    everything = [logs for groups in by_kind for logs in groups]
    spread = seen - _probe_errors(everything)
    if spread <= 1e-9 * count:
        return Sensitivity(DEFAULT_SENSITIVITY, 0.0, -math.inf, count)
    # Not divided by what is left: where the probe's error is smaller, the slope would be too steep.
    slope = sum(x * y for x, y in points) / seen
    residual = sum((y - slope * x) ** 2 for x, y in points) / (count - 2)
    variance = max(residual, _LEAST_RESIDUAL_SD**2) / spread
    weight = _PRIOR_SD**2 / (_PRIOR_SD**2 + variance)
    apart = weight * (slope - DEFAULT_SENSITIVITY)
    # Errors of the probe flatten a slope, so that the true one may be as steep as this.
    steepest = max(slope, slope * seen / spread)
    may_be_default = steepest + _SURE_SDS * math.sqrt(variance) > DEFAULT_SENSITIVITY
    if may_be_default and -_LIKE_DEFAULT < apart < 0:
        apart = 0.0
    least = slope - _FOLLOWS_SDS * math.sqrt(variance)
    return Sensitivity(DEFAULT_SENSITIVITY + apart, weight, least, count)


def _logs(kind: Iterable[Sequence[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """The samples of each process as (log ns, log s), without those that are not positive."""
    groups = (
        [(math.log(ns), math.log(s)) for s, ns in process if s > 0 and ns > 0] for process in kind
    )
    return [group for group in groups if group]


def _about_the_mean(groups: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """The processes' means, less the mean of all of them."""
    from statistics import fmean

    means = [(fmean(x for x, _ in logs), fmean(y for _, y in logs)) for logs in groups]
    mean_x, mean_y = fmean(x for x, _ in means), fmean(y for _, y in means)
    return [(x - mean_x, y - mean_y) for x, y in means]


def _probe_errors(groups: Sequence[Sequence[tuple[float, float]]]) -> float:
    """What the probe's error adds to the sum of the squares of the processes' means [log ns]."""
    from statistics import fmean

    cpu_s = math.exp(fmean(y for logs in groups for _, y in logs))
    each = _PROBE_SD**2 * max(1.0, _PROBE_SD_FROM_S / cpu_s)
    others = sum(len(logs) - 1 for logs in groups)
    if others:
        within = 0.0
        for logs in groups:
            mean = fmean(x for x, _ in logs)
            within += sum((x - mean) ** 2 for x, _ in logs)
        each = max(each, within / others)
    return each * sum(1 / len(logs) for logs in groups)
