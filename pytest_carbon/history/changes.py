"""Change points: where a trend's level moves. Found by ruptures, which is an extra."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LEAST", "available", "change_points"]

LEAST = 8
"""With fewer points than this, any level could be chance."""

_SEGMENT = 3
"""A level has at least so many points: one run alone is an outlier, not a change."""

_MAD_TO_SD = 1.4826
"""The standard deviation of a normal distribution over its median absolute deviation."""

_PLACES = 500
"""At about so many places levels may begin: time grows with the square of it, and 10,000 took
minutes."""

_FLOOR = 0.01
"""Noise is never taken for less than 1 %, where figures happen to agree."""


def available() -> bool:
    """Whether the library is installed."""
    return find_spec("ruptures") is not None


def change_points(figures: Sequence[float]) -> list[int]:
    """The places of the first figures of new levels.

    Levels of the logarithm, with PELT and squared distances; the penalty is that of the
    Bayesian information criterion for two parameters a change (place and level), with the noise
    estimated from neighbours' differences. Figures must be more than 0.
    """
    if len(figures) < LEAST:
        return []
    import numpy as np
    import ruptures

    values = np.log(np.asarray(figures, dtype=float))
    steps = np.abs(np.diff(values))
    # The median of neighbours keeps a step in its place, and forgets a run that stands alone.
    values[1:-1] = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    sd = max(_MAD_TO_SD * float(np.median(steps)) / math.sqrt(2), _FLOOR)
    model = ruptures.Pelt(model="l2", min_size=_SEGMENT, jump=max(1, len(figures) // _PLACES))
    found = model.fit(values.reshape(-1, 1)).predict(pen=4 * sd * sd * math.log(len(figures)))
    return [int(place) for place in found[:-1]]
