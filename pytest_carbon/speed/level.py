"""How fast the core is at its best, as one process sees it.

The helper imports this module: it needs little.
"""

from __future__ import annotations

from bisect import insort

__all__ = ["Level"]

_QUANTILE = 0.1
_LEAST_PROBES = 50
_MOST_KEPT = 256


class Level:
    """The tenth percentile of a helper's probes so far; later ones weigh more.

    ``ns`` is 0.0 until there are enough of them.
    """

    def __init__(self) -> None:
        self._kept: list[int] = []

    def add(self, probe_ns: int) -> None:
        """Take note of a probe."""
        insort(self._kept, probe_ns)
        if len(self._kept) > _MOST_KEPT:
            # Every other one of a sorted list: the quantiles stay.
            del self._kept[::2]

    @property
    def ns(self) -> float:
        """The kernel's time at its best in this process, in ns."""
        kept = self._kept
        return float(kept[int(len(kept) * _QUANTILE)]) if len(kept) >= _LEAST_PROBES else 0.0
