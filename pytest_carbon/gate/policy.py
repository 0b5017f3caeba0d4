"""What the gate is asked to hold tests to."""

from __future__ import annotations

from pytest_carbon.record import NamedTuple

__all__ = ["DEFAULT_FLOOR_J", "DEFAULT_TOLERANCE", "THOROUGH_TOLERANCE", "Policy"]

# Chosen: what a team looks into, and a shared machine still shows (docs/explanation/gate.md).
DEFAULT_TOLERANCE = 0.20

# The thorough mode finds twice this in more than 95 % of the cases (docs/explanation/gate.md).
THOROUGH_TOLERANCE = 0.075

# Two milliseconds of one core at about 1.6 J per core-second: below it the edges of a
# measurement, and not the test, decide the figure.
DEFAULT_FLOOR_J = 0.003

# At most this part of unchanged tests gets as far as a look in a fresh process, and only those
# can become false alarms. Recorded: 1 to 6 %, and 15 to 41 % in the thorough mode.
REACH = 0.1
REACH_THOROUGH = 0.4


# One of five looks may disagree with the others (``MAY_DISAGREE``), none of four: with up to eight
# instead of four, recorded rises of 30 % are found in 93 % instead of 90, on noisier recordings in
# 49 % instead of 39, without a false alarm; unchanged tests take 0 to 40 % more looks
# (tests/benchmarks/detection/replay.py).
MAX_LOOKS = 8
MAX_LOOKS_THOROUGH = 20


class Policy(NamedTuple):
    """The rules for one subject; a marker's values replace those of the run.

    ``tolerance`` is the relative rise allowed and ``floor_j`` the absolute one, whichever is
    more; a test that costs less than the floor is gated as part of its file's sum. ``alpha`` is
    the number of false alarms expected in a run, over all its tests. ``thorough`` measures every
    test again and looks more often. ``own_rise_j`` is the absolute rise allowed where it is not the
    floor. ``confirm_time_s`` is the time that looks at one suspect may take (0: none are taken; a
    run takes ten times that at most), ``creep_tolerance`` the rise allowed since the anchor, and
    ``inconclusive_fails`` says what an open answer does to a test, ``missing_fails`` what the lack
    of a baseline does.
    """

    tolerance: float = DEFAULT_TOLERANCE
    floor_j: float = DEFAULT_FLOOR_J
    own_rise_j: float | None = None
    alpha: float = 0.01
    thorough: bool = False
    confirm_time_s: float = 30.0
    creep_tolerance: float = 0.30
    inconclusive_fails: bool = False
    missing_fails: bool = False

    @property
    def least_rise_j(self) -> float:
        """The rise in joules that is always allowed."""
        return self.floor_j if self.own_rise_j is None else self.own_rise_j

    @property
    def max_looks(self) -> int:
        """How many fresh processes may be asked about one suspect."""
        return MAX_LOOKS_THOROUGH if self.thorough else MAX_LOOKS

    @property
    def least_to_clear(self) -> int:
        """How many independent looks it takes to clear a suspect.

        One process in 200 finds a test 14 % too cheap, so that in the thorough mode, which is to
        find as much, a single one does not clear.
        """
        return 2 if self.thorough else 1

    def chance(self, suite_size: int) -> float:
        """The chance of a false alarm that one suspect may take at one of its looks."""
        reach = REACH_THOROUGH if self.thorough else REACH
        return min(self.alpha / max(suite_size * reach, 1.0) / self.max_looks, 0.5)

    def in_thorough_mode(self) -> Policy:
        """The same policy for small changes: a smaller tolerance, more looks, more time.

        The rise that is always allowed shrinks with the tolerance: else it would be what decides
        on tests just above the floor. Which tests are gated by themselves stays as it is stored.
        """
        tolerance = min(self.tolerance, THOROUGH_TOLERANCE)
        share = tolerance / self.tolerance if self.tolerance else 1.0
        return self._replace(
            tolerance=tolerance,
            own_rise_j=self.floor_j * share,
            thorough=True,
            confirm_time_s=max(self.confirm_time_s, 120.0) if self.confirm_time_s else 0.0,
        )

    def for_part(self, share: float) -> Policy:
        """The same policy for a part of a sum that stands for all of it.

        The rise that is always allowed is allowed to the whole.
        """
        return self._replace(own_rise_j=self.least_rise_j * share)
