"""The same run elsewhere: what its joules would emit on other grids.

After the energy usage reports of Lottick et al. 2019 (arXiv 1911.08354), which set a run beside
other places: here the largest grids, and the cleanest, the median and the dirtiest of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.intensity.table import countries, country_mix
from pytest_carbon.record import NamedTuple
from pytest_carbon.units import emissions_g

if TYPE_CHECKING:
    from pytest_carbon.intensity.table import Place

__all__ = ["Elsewhere", "There", "elsewhere"]

LARGEST_GRIDS = 10


class There(NamedTuple):
    """The run's emissions in one place."""

    place: Place
    grams: float


class Elsewhere(NamedTuple):
    """The run on other grids: ``largest`` by generation, cleanest first, and the extremes.

    ``cleanest``, ``median`` and ``dirtiest`` are of all countries that have a figure.
    """

    largest: tuple[There, ...]
    cleanest: There
    median: There
    dirtiest: There

    @property
    def extremes(self) -> tuple[tuple[str, There], ...]:
        """The cleanest, the median and the dirtiest place, each with its name."""
        return (
            ("cleanest", self.cleanest),
            ("median", self.median),
            ("dirtiest", self.dirtiest),
        )


def elsewhere(energy_j: float) -> Elsewhere:
    """What ``energy_j`` joules, PUE included where it counts, would emit in other countries."""
    ranked = sorted(countries(), key=lambda place: (place.g_per_kwh, place.zone))
    largest = sorted(ranked, key=_generation_twh, reverse=True)[:LARGEST_GRIDS]

    def there(place: Place) -> There:
        return There(place=place, grams=emissions_g(energy_j, place.g_per_kwh))

    return Elsewhere(
        largest=tuple(there(place) for place in ranked if place in largest),
        cleanest=there(ranked[0]),
        median=there(ranked[len(ranked) // 2]),
        dirtiest=there(ranked[-1]),
    )


def _generation_twh(place: Place) -> float:
    mix = country_mix(place.zone)
    return sum(mix[1].values()) if mix else 0.0
