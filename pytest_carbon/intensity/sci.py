"""The Software Carbon Intensity score (SCI, ISO/IEC 21031:2024), with every term disclosed.

``SCI = (E × I + M) per R`` and ``M = TE × TiR/EL × RR/ToR``. I is location-based; no offsets, no
certificates. Without M the figure is the operational part, and must not be called an SCI score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.units import (
    emissions_g,
    format_duration,
    format_emissions,
    format_energy,
    three_digits,
)

if TYPE_CHECKING:
    from pytest_carbon.intensity.embodied import Embodied
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.pue import Pue

__all__ = ["SciScore"]

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class SciScore:
    """A score and the terms that it must be disclosed with.

    ``dynamic_j`` and ``idle_j`` are the joules at the computer (E is their sum times ``pue``),
    ``reserved_s`` is TiR, the seconds for which the machine was held, ``per`` names the functional
    unit R (``test``, ``run``) and ``count`` says how many of them the joules and seconds cover.
    ``methods`` are ``measured`` or ``modelled`` or both; ``boundary`` says what E covers.
    """

    dynamic_j: float
    idle_j: float
    pue: Pue
    intensity: Intensity
    embodied: Embodied | None
    reserved_s: float
    per: str
    count: int = 1
    methods: tuple[str, ...]
    boundary: str = "the test process and its descendants, with their share of the idle machine"

    @property
    def energy_j(self) -> float:
        """E: all joules of all units, the idle share and the building included."""
        return (self.dynamic_j + self.idle_j) * self.pue.factor

    @property
    def operational_g(self) -> float:
        """E × I of one unit, in gCO2e."""
        return emissions_g(self.energy_j, self.intensity.g_per_kwh) / self.count

    @property
    def embodied_g(self) -> float | None:
        """M of one unit, in gCO2e; ``None`` where no embodied emissions are set."""
        if self.embodied is None:
            return None
        return self.embodied.grams(self.reserved_s) / self.count

    @property
    def score_g(self) -> float:
        """The score in gCO2e per unit; the operational part where M is not known."""
        return self.operational_g + (self.embodied_g or 0.0)

    @property
    def complete(self) -> bool:
        """Whether this is an SCI score, and not its operational part only."""
        return self.embodied is not None

    @property
    def label(self) -> str:
        """What the figure may be called."""
        return "SCI score" if self.complete else "SCI, operational part"

    def facts(self) -> dict[str, str | float | None]:
        """Every term for machines, each with its unit in its name."""
        part = self.embodied
        return {
            "label": self.label,
            "score_g": self.score_g,
            "operational_g": self.operational_g,
            "embodied_g": self.embodied_g,
            "per": self.per,
            "count": self.count,
            "energy_j": self.energy_j,
            "idle_j": self.idle_j * self.pue.factor,
            "pue": self.pue.factor,
            "methods": "+".join(self.methods),
            "intensity_g_per_kwh": self.intensity.g_per_kwh,
            "intensity_zone": self.intensity.zone,
            "intensity_source": f"{self.intensity.source} {self.intensity.period}",
            "embodied_total_g": None if part is None else part.total_g,
            "embodied_source": None if part is None else part.source,
            "reserved_s": self.reserved_s,
            "lifespan_s": None if part is None else part.lifespan_s,
            "reserved_resources": None if part is None else part.reserved,
            "total_resources": None if part is None else part.resources,
            "boundary": self.boundary,
        }

    def terms(self) -> tuple[tuple[str, str], ...]:
        """What the standard asks to be disclosed: each term's name and its value in words."""
        total_j = self.dynamic_j + self.idle_j
        idle = f"{three_digits(100 * self.idle_j / total_j)} %" if total_j else "0 %"
        i = self.intensity
        return (
            (self.label, f"{format_emissions(self.score_g)} CO2e per {self.per}"),
            ("R, functional unit", f"{self.per} ({self.count} covered)"),
            (
                "E, energy",
                f"{format_energy(self.energy_j)}, of it idle {idle}, PUE {self.pue.factor:g}",
            ),
            ("energy is", " and ".join(self.methods)),
            (
                "I, carbon intensity",
                f"{i.g_per_kwh:g} gCO2e/kWh, {i.zone}, location-based, {i.source} {i.period}",
            ),
            *self._embodied_terms(),
            ("boundary", self.boundary),
        )

    def _embodied_terms(self) -> tuple[tuple[str, str], ...]:
        part = self.embodied
        if part is None or self.embodied_g is None:
            return (("M, embodied", "not set, so this is not an SCI score"),)
        return (
            ("M, embodied", f"{format_emissions(self.embodied_g)} CO2e per {self.per}"),
            ("TE, machine's total", f"{format_emissions(part.total_g)} CO2e ({part.source})"),
            ("TiR, time reserved", format_duration(self.reserved_s)),
            ("EL, lifespan", f"{part.lifespan_s / SECONDS_PER_HOUR:g} h"),
            ("RR/ToR, share reserved", f"{part.reserved:g}/{part.resources:g}"),
        )
