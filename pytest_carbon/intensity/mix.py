"""The carbon intensity of an energy mix: the mean of its sources' lifecycle factors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FACTORS_SOURCE", "LIFECYCLE_G_PER_KWH", "mix_intensity", "mix_shares"]

LIFECYCLE_G_PER_KWH: dict[str, float] = {
    "coal": 820.0,
    "gas": 490.0,
    "oil": 650.0,
    "biomass": 230.0,
    "solar": 45.0,
    "geothermal": 38.0,
    "hydro": 24.0,
    "nuclear": 12.0,
    "wind": 11.0,
}
"""Lifecycle emissions by energy source, in gCO2e/kWh.

Medians of IPCC AR5 WG III, Annex III, table A.III.2 (Schlömer et al., 2014). That table leaves
oil out: 650 is what grid trackers use beside it. Solar is the mean of roof (41) and field (48),
wind the one on land, and ``geothermal`` also stands for tide and waves.
"""

FACTORS_SOURCE = "IPCC AR5 lifecycle medians"


def mix_shares(mix: Mapping[str, float]) -> dict[str, float]:
    """Each source's part of ``mix``, of any unit, so that the parts add up to 1.

    Raises ``IntensityError`` for an unknown source, an amount that is negative or not a number,
    and for a mix of nothing.
    """
    for source, amount in mix.items():
        if source not in LIFECYCLE_G_PER_KWH:
            known = ", ".join(LIFECYCLE_G_PER_KWH)
            raise IntensityError(f"{source!r} is no energy source", remedy=f"use {known}")
        if not 0 <= amount < math.inf:
            raise IntensityError(
                f"the amount of {source}, {amount}, is not 0 or more",
                remedy="give each source's share of the electricity, such as 0.35",
            )
    total = math.fsum(mix.values())
    if total <= 0:
        raise IntensityError("the energy mix is empty", remedy="give at least one source a share")
    return {source: amount / total for source, amount in mix.items()}


def mix_intensity(mix: Mapping[str, float]) -> float:
    """The carbon intensity of ``mix`` in gCO2e/kWh: Σ share × lifecycle factor.

    ``mix`` maps a source (``coal``, ``wind`` …) to its amount in any unit; raises
    ``IntensityError`` as ``mix_shares`` does.
    """
    shares = mix_shares(mix)
    return math.fsum(share * LIFECYCLE_G_PER_KWH[source] for source, share in shares.items())
