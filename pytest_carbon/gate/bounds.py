"""What a subject may cost: all that its baseline and its policy say before it runs.

Made once a subject. The screen asks it which first runs are worth a second look, and the
confirmation what looks have to show.
"""

from __future__ import annotations

from math import exp, hypot, log, log1p
from typing import TYPE_CHECKING

from pytest_carbon.gate.spread import ONE_SIDED_95, TYPICAL_SD, centre_error, disk_drift, first_sd
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry, Spread
    from pytest_carbon.gate.policy import Policy

__all__ = ["MOSTLY_FIRST_RISE", "Bounds"]

# A rise of just the tolerance is found or not by chance, whatever the rule. What the gate aims
# to find in at least 95 % of the cases is this many tolerances (chosen; what is found stands in
# tests/benchmarks/detection/results.md).
AIM = 1.5
AIM_THOROUGH = 2.0

# The screen sits so many standard deviations below the aim, so that few slip through (normal tail
# of 3.6 %). With 2.5 it has steady tests measured again more often than needed: 5.6 % of a run's
# time instead of 3.5, for one rise of 30 % in a hundred (tests/benchmarks/detection/screen.py).
SURE_SDS = 1.8

# Closer to its baseline than this many standard deviations no test is suspect, unless looks cost
# little (``screen_sds``): of unchanged tests at most one in ten is measured again (normal tail).
SCREEN_SDS = 1.3

# What the disk costs in another hour explains a rise of so many standard deviations (chosen).
DRIFT_SDS = 1.3

# A first run that costs so many later ones is another thing: imports, caches, compilation (chosen).
MOSTLY_FIRST = 1.5

# Such a cost was seen at 1.5 times its usual amount for minutes on end, so only more is suspect,
# and no smaller fall is said.
MOSTLY_FIRST_RISE = 1.6

# A fall is said without confirmation, so it has to lie outside of nearly all noise
# (normal tail of 0.1 %).
FALL_SDS = 3.0


class Bounds(NamedTuple):
    """The bounds of one subject, and the baseline and the policy that they come from.

    All logarithms are of ratios to the stored first runs, and all energies those of a first run.

    - ``suite_sd`` is the spread of a usual test of the suite, ``first_sd`` that of one first run
      of this subject, and ``drifting_sd`` that of its ratio to the baseline, whose own error
      counts, with what another hour changes of the disk's cost.
    - ``allowed_log`` is the rise that is allowed: the tolerance or the floor, what is more.
    - ``aim_log`` is the rise that the gate tries hard not to miss: ``AIM`` tolerances, or where
      the spread of one run hides that, what the screen still finds. (The thorough mode has no
      screen.) ``can_see`` is the same as a relative rise, which is found in about 95 % of the
      cases; ``None`` for a baseline of 0 J, to which no rise is relative.
    - ``limit_j`` is what makes a first run suspect. That need not be above the tolerance: where
      noise could hide a rise beyond it, the limit sits lower, though never within the noise. Only
      the verdict is held to the tolerance. ``disk_limit_j`` is the limit of a run that is known
      to have written no more than before, so that the disk may explain more.
    """

    entry: Entry
    policy: Policy
    suite_sd: float
    first_sd: float
    drifting_sd: float
    allowed_log: float
    aim_log: float
    can_see: float | None
    limit_j: float
    disk_limit_j: float

    @classmethod
    def of(
        cls,
        entry: Entry,
        policy: Policy,
        suite_sd: float = TYPICAL_SD,
        screen_sds: float = SCREEN_SDS,
    ) -> Bounds:
        """The bounds of a subject with this baseline.

        No first run closer to it than ``screen_sds`` standard deviations is suspect.
        """
        centre_j = entry.first.centre_j
        tolerance = policy.tolerance
        if centre_j > 0:
            tolerance = max(tolerance, policy.least_rise_j / centre_j)
        sd = first_sd(entry, suite_sd)
        own_sd = hypot(sd, centre_error(sd, entry.first))
        drift = disk_drift(entry)
        drifting_sd = hypot(own_sd, drift)
        # A rise that the disk explains is not worth a look, which would show the same.
        noise_log = hypot(screen_sds * own_sd, DRIFT_SDS * drift)
        disk_limit_log = _limit_log(entry, tolerance, drifting_sd, noise_log)
        # Where it is not known what a run wrote, a look tells a test's own doing from the disk's.
        limit_log = disk_limit_log
        if entry.blocks_written:
            limit_log = _limit_log(entry, tolerance, own_sd, screen_sds * own_sd)
        if policy.thorough:
            aim_log = log1p(AIM_THOROUGH * tolerance)
        else:
            aim_log = max(log1p(AIM * tolerance), disk_limit_log + ONE_SIDED_95 * drifting_sd)
        return cls(
            entry=entry,
            policy=policy,
            suite_sd=suite_sd,
            first_sd=sd,
            drifting_sd=drifting_sd,
            allowed_log=log1p(tolerance),
            aim_log=aim_log,
            can_see=exp(aim_log) - 1 if centre_j > 0 else None,
            limit_j=centre_j * exp(limit_log) if centre_j > 0 else policy.floor_j,
            disk_limit_j=centre_j * exp(disk_limit_log) if centre_j > 0 else policy.floor_j,
        )

    @property
    def centre_j(self) -> float:
        """The stored cost of a first run."""
        return self.entry.first.centre_j

    @property
    def stored_look(self) -> Spread:
        """The stored runs in looks; else the first runs, which hardly cost more."""
        return self.entry.first if self.entry.look is None else self.entry.look

    @property
    def is_mostly_first(self) -> bool:
        """Whether the first run pays so much of its own that later runs say little about it."""
        return _is_mostly_first(self.entry)

    @property
    def drift_log(self) -> float:
        """The rise up to which another hour explains what a test costs."""
        return DRIFT_SDS * self.drifting_sd

    @property
    def raw_log(self) -> float:
        """The rise that the uncorrected figure has to show where it has a say.

        Half of what is allowed: a rise that only the correction makes shows nothing of it, and a
        real one is not lost to the greater noise of the uncorrected figure.
        """
        return self.allowed_log / 2

    @property
    def most_blocks(self) -> float:
        """What a run may write to a disk before that counts as the test's own doing.

        In blocks of 512 bytes. How much a test writes is counted, and the same from run to run,
        whatever it costs. 0 where what is stored does not say.
        """
        return self.blocks_with(self.raw_log)

    def blocks_with(self, rise_log: float) -> float:
        """What a run writes to a disk if it writes this much more than is stored."""
        return (self.entry.blocks_written or 0.0) * exp(rise_log)

    def limit_of_run_j(self, blocks_written: float | None) -> float:
        """The limit of a first run that wrote this much to a disk; ``None`` where it is unknown."""
        if blocks_written is None or blocks_written > self.most_blocks:
            return self.limit_j
        return self.disk_limit_j

    def is_suspect(
        self, now_j: float, raw_now_j: float | None = None, *, blocks_written: float | None = None
    ) -> bool:
        """Whether a first run costs so much that the test has to be measured again.

        ``raw_now_j`` is the energy without the correction for speed, where there is one, and
        ``blocks_written`` what the run wrote to a disk, where that is known. In the thorough mode
        every test is confirmed, suspect or not.
        """
        return now_j > self.limit_of_run_j(blocks_written) and self._shows_in_raw(raw_now_j)

    def _shows_in_raw(self, raw_now_j: float | None) -> bool:
        """Whether a rise may be believed, as far as the uncorrected figure goes.

        A test whose sensitivity to the core's speed is not known may not follow it at all; then
        the correction makes a rise out of nothing. So the rise has to show in both figures.
        """
        entry = self.entry
        if entry.sensitivity is not None or raw_now_j is None or entry.raw is None:
            return True
        return raw_now_j > entry.raw.centre_j * exp(self.raw_log)

    def is_too_small(self, now_j: float) -> bool:
        """Whether the meter cannot resolve the test by itself, neither before nor now."""
        floor_j = self.policy.floor_j
        return self.centre_j < floor_j and now_j <= self.centre_j + floor_j

    def is_fall(self, now_j: float) -> bool:
        """Whether a first run costs less, by more than the tolerance and than noise explains."""
        if now_j <= 0 or self.centre_j <= 0:
            return False
        noise_log = max(FALL_SDS * self.drifting_sd, _first_run_noise_log(self.entry))
        return log(self.centre_j / now_j) > max(self.allowed_log, noise_log)


def _is_mostly_first(entry: Entry) -> bool:
    look = entry.look
    return look is not None and entry.first.centre_j >= MOSTLY_FIRST * look.centre_j


def _first_run_noise_log(entry: Entry) -> float:
    """The change that says nothing where the first run pays most of the cost."""
    return log(MOSTLY_FIRST_RISE) if _is_mostly_first(entry) else 0.0


def _limit_log(entry: Entry, tolerance: float, sd: float, noise_log: float) -> float:
    """The rise that makes a suspect, where one run's ratio to the baseline has the spread ``sd``.

    What is below ``noise_log`` is never suspect.
    """
    surely_seen = log1p(AIM * tolerance) - SURE_SDS * sd
    return max(noise_log, min(log1p(tolerance), surely_seen), _first_run_noise_log(entry))
