"""A cumulative counter of hardware, believed only as far as hardware can go.

Drivers are known to reset counters, to let them jump by megajoules, and to show one that stands
still. A counter that goes back without a wrap, or forward by more than its device can draw, is an
error, not a figure.
"""

from __future__ import annotations

import errno

__all__ = ["GENEROUS_W", "Counter"]

GENEROUS_W = 2_000.0
"""More than any package or board draws: the largest are rated at 500 W and 1,400 W."""

_UJ_PER_J = 1_000_000


class Counter:
    """One counter in microjoules, its wraps undone.

    ``total_uj`` is what it has counted since it was opened at ``shown_uj``. ``range_uj`` is where
    it wraps (``None``: never), ``max_w`` what its device draws at most, ``interval_s`` how often it
    is refreshed.
    """

    __slots__ = ("_interval_s", "_max_w", "_name", "_range_uj", "_shown_uj", "total_uj")

    def __init__(
        self,
        name: str,
        shown_uj: int,
        *,
        range_uj: int | None = None,
        max_w: float = GENEROUS_W,
        interval_s: float = 0.01,
    ) -> None:
        self._name = name
        self._shown_uj = shown_uj
        self._range_uj = range_uj
        self._max_w = max_w
        self._interval_s = interval_s
        self.total_uj = 0

    def advance(self, now_uj: int, elapsed_s: float) -> int:
        """The total at a new look, ``elapsed_s`` after the last; raises ``OSError``."""
        step_uj = now_uj - self._shown_uj
        if step_uj < 0:
            if self._range_uj is None:
                raise self._wrong("it went back: the driver was reloaded, or the device reset")
            step_uj += self._range_uj
            if not 0 <= step_uj <= self._most_uj(elapsed_s):
                raise self._wrong("the counter was reset")
        elif step_uj > self._most_uj(elapsed_s):
            raise self._wrong(
                f"it jumped by {step_uj / _UJ_PER_J:,.0f} J in {elapsed_s:.3g} s, which no "
                "hardware draws"
            )
        self._shown_uj = now_uj
        self.total_uj += step_uj
        return self.total_uj

    def _most_uj(self, elapsed_s: float) -> float:
        # A refresh may lie before the last look, and the next one after this.
        return self._max_w * (elapsed_s + 2 * self._interval_s) * _UJ_PER_J

    def _wrong(self, what: str) -> OSError:
        return OSError(errno.EIO, f"{self._name}: {what}")
