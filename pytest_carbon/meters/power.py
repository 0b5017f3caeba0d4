"""Energy from power: where there is no counter, and between two refreshes of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CompletedCounter", "PowerSum"]

_UJ_PER_J = 1_000_000
_NS_PER_S = 1_000_000_000


class PowerSum:
    """Integrates power over the times of its readings, which must come often.

    ``read_w`` gives watts and raises ``OSError``.
    """

    def __init__(self, read_w: Callable[[], float], clock_ns: Callable[[], int]) -> None:
        self._read_w = read_w
        self._clock_ns = clock_ns
        # A driver that shows less than nothing is wrong, and a total never falls.
        self._last_w = max(0.0, read_w())
        self._at_ns = clock_ns()
        self._total_j = 0.0

    def read_uj(self) -> int:
        """Microjoules since it was opened."""
        power_w = self._read_w()
        now_ns = self._clock_ns()
        power_w = max(0.0, power_w)
        self._total_j += (self._last_w + power_w) / 2 * (now_ns - self._at_ns) / _NS_PER_S
        self._last_w, self._at_ns = power_w, now_ns
        return int(self._total_j * _UJ_PER_J)


class CompletedCounter:
    """A counter that is refreshed rarely, completed from power between two refreshes.

    A window shorter than ``interval_s`` would else read 0 J, or what came before it. Power is
    integrated from reading to reading, which should come often, and held between what the counter
    shows and what may have come since its last refresh. ``read_uj`` gives the counter and
    ``read_w`` the power, ``None`` where there is none; both raise ``OSError``.
    """

    def __init__(
        self,
        read_uj: Callable[[], int],
        read_w: Callable[[], float | None],
        interval_s: float,
        clock_ns: Callable[[], int],
    ) -> None:
        self._read_uj = read_uj
        self._read_w = read_w
        self._interval_uj_per_w = interval_s * _UJ_PER_J
        self._clock_ns = clock_ns
        self._shown_uj = read_uj()
        self._last_w = max(0.0, read_w() or 0.0)
        self._at_ns = clock_ns()
        # The last refresh was at any time within an interval.
        self._total_uj = self._shown_uj + self._last_w * self._interval_uj_per_w / 2

    def read_uj(self) -> int:
        """The counter as it would be if it were refreshed at this instant; it never falls.

        One that goes back is shown as it is, for the meter to refuse.
        """
        shown_uj = self._read_uj()
        power_w = max(0.0, self._read_w() or 0.0)
        now_ns = self._clock_ns()
        if shown_uj < self._shown_uj:
            return shown_uj
        self._shown_uj = shown_uj
        due_uj = self._total_uj + (self._last_w + power_w) / 2 * (now_ns - self._at_ns) / 1_000
        most_uj = shown_uj + max(self._last_w, power_w) * self._interval_uj_per_w
        self._last_w, self._at_ns = power_w, now_ns
        self._total_uj = max(self._total_uj, min(max(due_uj, shown_uj), most_uj))
        return int(self._total_uj)
