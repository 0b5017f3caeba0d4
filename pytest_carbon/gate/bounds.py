"""The screen: which tests of a run are worth a second look.

Runs once a test in the hot path: a handful of arithmetic, no loops.
"""

from __future__ import annotations

from math import exp, hypot, log, log1p
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import TYPICAL_SD, centre_error, disk_drift, first_sd

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy

__all__ = [
    "aim",
    "allowed",
    "can_see",
    "drift_limit_log",
    "fall",
    "is_mostly_first",
    "is_suspect",
    "is_too_small",
    "limit_j",
    "most_blocks",
    "raw_limit_log",
    "shows_in_raw",
]

# Closer to its baseline than this many standard deviations no test is suspect: of unchanged
# tests 5 % of those of 20 ms, and 3 % of those of 200 ms, are measured again
# (docs/explanation/gate.md).
SCREEN_SDS = 1.3

# A rise of just the tolerance is found or not by chance, whatever the rule. What the gate aims
# to find in at least 95 % of the cases is this many tolerances.
AIM = 1.5
AIM_THOROUGH = 2.0

# The screen sits so many standard deviations below the aim, so that few slip through.
SURE_SDS = 2.5

# A first run that costs so many later ones is another thing: imports, caches, compilation.
MOSTLY_FIRST = 1.5

# Such a cost was seen at 1.5 times its usual amount for minutes on end, so only more is suspect,
# and no smaller fall is said.
MOSTLY_FIRST_RISE = 1.6

# A fall is said without confirmation, so it has to lie outside of nearly all noise.
FALL_SDS = 3.0

# One-sided 95 % of the normal distribution.
ONE_SIDED_95 = 1.645


def _tolerance(entry: Entry, policy: Policy) -> float:
    centre_j = entry.first.centre_j
    return (
        max(policy.tolerance, policy.least_rise_j / centre_j) if centre_j > 0 else policy.tolerance
    )


def allowed(entry: Entry, policy: Policy) -> float:
    """The rise that is allowed, as a logarithm: the tolerance or the floor, what is more."""
    return log1p(_tolerance(entry, policy))


def _one_run_sd(entry: Entry, suite_sd: float) -> float:
    """The spread of one run's rise over the stored centre, whose own error counts, too."""
    sd = first_sd(entry, suite_sd)
    return hypot(sd, centre_error(sd, entry.first))


def _drifting_sd(entry: Entry, suite_sd: float) -> float:
    """The same with what another hour changes of the disk's cost."""
    return hypot(_one_run_sd(entry, suite_sd), disk_drift(entry))


def drift_limit_log(entry: Entry, suite_sd: float) -> float:
    """The rise, as a logarithm, up to which another hour explains what a test costs."""
    return SCREEN_SDS * _drifting_sd(entry, suite_sd)


def is_mostly_first(entry: Entry) -> bool:
    """Whether a test's first run pays so much of its own that later runs say little about it."""
    look = entry.look
    return look is not None and entry.first.centre_j >= MOSTLY_FIRST * look.centre_j


def _first_run_noise(entry: Entry) -> float:
    """The change, as a logarithm, that says nothing where the first run pays most of the cost."""
    return log(MOSTLY_FIRST_RISE) if is_mostly_first(entry) else 0.0


def _threshold(entry: Entry, policy: Policy, sd: float) -> float:
    """The rise that makes a suspect, as a logarithm."""
    tolerance = _tolerance(entry, policy)
    surely_seen = log1p(AIM * tolerance) - SURE_SDS * sd
    return max(SCREEN_SDS * sd, min(log1p(tolerance), surely_seen), _first_run_noise(entry))


def aim(entry: Entry, policy: Policy, suite_sd: float = TYPICAL_SD) -> float:
    """The rise, as a logarithm, that the gate tries hard not to miss.

    ``AIM`` tolerances; where the spread of one run hides that, what the screen still finds. The
    thorough mode has no screen.
    """
    if policy.thorough:
        return log1p(AIM_THOROUGH * _tolerance(entry, policy))
    sd = _drifting_sd(entry, suite_sd)
    seen = _threshold(entry, policy, sd) + ONE_SIDED_95 * sd
    return max(log1p(AIM * _tolerance(entry, policy)), seen)


def can_see(entry: Entry, policy: Policy, suite_sd: float = TYPICAL_SD) -> float | None:
    """The smallest relative rise that the gate finds in about 95 % of the cases.

    ``None`` for a baseline of 0 J, to which no rise is relative.
    """
    if entry.first.centre_j <= 0:
        return None
    return exp(aim(entry, policy, suite_sd)) - 1


def most_blocks(entry: Entry, policy: Policy) -> float:
    """What a test may write to a disk before that counts as its own doing, in blocks of 512 bytes.

    How much it writes is counted, and the same from run to run, whatever it costs. 0 where what
    is stored does not say.
    """
    return (entry.blocks_written or 0.0) * exp(raw_limit_log(entry, policy))


def limit_j(
    entry: Entry,
    policy: Policy,
    suite_sd: float = TYPICAL_SD,
    blocks_written: float | None = None,
) -> float:
    """The joules above which a first run is suspect; ``blocks_written`` is what it wrote to a disk.

    A suspect need not be above the tolerance: where noise could hide a rise beyond it, the
    limit sits lower, though never within the noise. Only the verdict is held to the tolerance.
    """
    centre_j = entry.first.centre_j
    if centre_j <= 0:
        return policy.floor_j
    # Where it is not known what a run wrote, a look tells a test's own doing from the disk's.
    may_be_own = entry.blocks_written and (
        blocks_written is None or blocks_written > most_blocks(entry, policy)
    )
    sd = (_one_run_sd if may_be_own else _drifting_sd)(entry, suite_sd)
    return centre_j * exp(_threshold(entry, policy, sd))


def raw_limit_log(entry: Entry, policy: Policy) -> float:
    """The rise, as a logarithm, that the uncorrected figure has to show where it has a say.

    Half of what is allowed: a rise that only the correction makes shows nothing of it, and a
    real one is not lost to the greater noise of the uncorrected figure.
    """
    return allowed(entry, policy) / 2


def shows_in_raw(raw_now_j: float | None, entry: Entry, policy: Policy) -> bool:
    """Whether a rise may be believed, as far as the uncorrected figure goes.

    A test whose sensitivity to the core's speed is not known may not follow it at all; then the
    correction makes a rise out of nothing. So the rise has to show in both figures.
    """
    if entry.sensitivity is not None or raw_now_j is None or entry.raw is None:
        return True
    return raw_now_j > entry.raw.centre_j * exp(raw_limit_log(entry, policy))


def is_suspect(
    now_j: float,
    entry: Entry,
    policy: Policy,
    suite_sd: float = TYPICAL_SD,
    raw_now_j: float | None = None,
    *,
    blocks_written: float | None = None,
) -> bool:
    """Whether a test's first run costs so much that it has to be measured again.

    ``raw_now_j`` is the energy without the correction for speed, where there is one, and
    ``blocks_written`` what the run wrote to a disk, where that is known. In the thorough mode every
    test is confirmed, suspect or not.
    """
    # Half of all tests are done with the first, cheap comparison.
    return (
        now_j > entry.first.centre_j
        and now_j > limit_j(entry, policy, suite_sd, blocks_written)
        and shows_in_raw(raw_now_j, entry, policy)
    )


def is_too_small(now_j: float, entry: Entry, policy: Policy) -> bool:
    """Whether the meter cannot resolve the test by itself, neither before nor now."""
    centre_j = entry.first.centre_j
    return centre_j < policy.floor_j and now_j <= centre_j + policy.floor_j


def fall(now_j: float, entry: Entry, policy: Policy, suite_sd: float = TYPICAL_SD) -> bool:
    """Whether a first run costs less, by more than the tolerance and than noise explains."""
    centre_j = entry.first.centre_j
    if now_j <= 0 or centre_j <= 0:
        return False
    noise = max(FALL_SDS * _drifting_sd(entry, suite_sd), _first_run_noise(entry))
    return log(centre_j / now_j) > max(allowed(entry, policy), noise)
