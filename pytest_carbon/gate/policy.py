"""What the gate is asked to hold tests to."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["DEFAULT_FLOOR_J", "DEFAULT_TOLERANCE", "THOROUGH_TOLERANCE", "Policy"]

DEFAULT_TOLERANCE = 0.20

# The thorough gear finds twice this in more than 95 % of the cases (docs/gate.md).
THOROUGH_TOLERANCE = 0.075

# Two milliseconds of one core at about 1.6 J per core-second: below it the edges of a
# measurement, and not the test, decide the figure.
DEFAULT_FLOOR_J = 0.003

# At most this part of unchanged tests gets as far as a look in a fresh process, and only those
# can become false alarms. Recorded: 0 to 3 %, and 15 to 41 % in the thorough gear.
REACH = 0.1
REACH_THOROUGH = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for one subject; a marker's values replace those of the run.

    ``tolerance`` is the relative rise allowed and ``floor_j`` the absolute one, whichever is
    more. ``alpha`` is the number of false alarms expected in a run, over all its tests.
    ``thorough`` measures every test again and looks more often. ``confirm_time_s`` is the time
    that one suspect may take, ``creep_tolerance`` the rise allowed since the anchor, and
    ``inconclusive_fails`` says what an open answer does to a test, ``missing_fails`` what the lack
    of a baseline does.
    """

    tolerance: float = DEFAULT_TOLERANCE
    floor_j: float = DEFAULT_FLOOR_J
    alpha: float = 0.01
    thorough: bool = False
    confirm_time_s: float = 30.0
    creep_tolerance: float = 0.30
    inconclusive_fails: bool = False
    missing_fails: bool = False

    @property
    def max_looks(self) -> int:
        """How many fresh processes may be asked about one suspect."""
        return 20 if self.thorough else 4

    @property
    def least_to_clear(self) -> int:
        """How many independent looks it takes to clear a suspect.

        One process in 200 finds a test 14 % too cheap, so that in the thorough gear, which is to
        find as much, a single one does not clear what the repeats did not.
        """
        return 2 if self.thorough else 1

    def chance(self, suite_size: int) -> float:
        """The chance of a false alarm that one suspect may take at one of its looks."""
        reach = REACH_THOROUGH if self.thorough else REACH
        return min(self.alpha / max(suite_size * reach, 1.0) / self.max_looks, 0.5)

    def in_thorough_gear(self) -> Policy:
        """The same policy for small changes: a smaller tolerance, more looks, more time.

        The floor shrinks with the tolerance: else it would be what decides on short tests.
        """
        tolerance = min(self.tolerance, THOROUGH_TOLERANCE)
        return replace(
            self,
            tolerance=tolerance,
            floor_j=self.floor_j * (tolerance / self.tolerance if self.tolerance else 1.0),
            thorough=True,
            confirm_time_s=max(self.confirm_time_s, 120.0),
        )
