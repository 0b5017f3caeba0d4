"""How a run's joules become the grams of its reports; gates and budgets never come here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.intensity.pue import NO_PUE
from pytest_carbon.record import NamedTuple
from pytest_carbon.units import emissions_g

if TYPE_CHECKING:
    from pytest_carbon.intensity.embodied import Embodied
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.pue import Pue
    from pytest_carbon.intensity.sci import SciScore
    from pytest_carbon.measurement import Measurement

__all__ = ["Accounting"]


class Accounting(NamedTuple):
    """The intensity, PUE and embodied emissions that reports count with.

    ``pinned`` is what gates and budgets use, ``live`` the grid's present figure where one was
    asked for and given; ``embodied`` is ``None`` where it is not set.
    """

    pinned: Intensity
    live: Intensity | None = None
    pue: Pue = NO_PUE
    embodied: Embodied | None = None

    @property
    def intensity(self) -> Intensity:
        """The intensity of reported grams: the live one if there is one."""
        return self.live or self.pinned

    def emissions_g(self, energy_j: float | None) -> float | None:
        """Reported grams of CO2e: E × PUE × I; ``None`` for unknown energy."""
        if energy_j is None:
            return None
        return emissions_g(energy_j * self.pue.factor, self.intensity.g_per_kwh)

    def sci(
        self, measurement: Measurement, *, per: str, reserved_s: float, count: int = 1
    ) -> SciScore | None:
        """The SCI score per ``per``, of which ``measurement`` covers ``count``.

        ``reserved_s`` are the seconds for which the machine was held for all of them. ``None`` for
        unknown energy.
        """
        dynamic_j, idle_j = measurement.energy_j, measurement.idle_j
        if dynamic_j is None or idle_j is None:
            return None
        from pytest_carbon.intensity.sci import SciScore

        domains = " and ".join(energy.domain for energy in measurement.energies) or "nothing"
        return SciScore(
            dynamic_j=dynamic_j,
            idle_j=idle_j,
            pue=self.pue,
            intensity=self.intensity,
            embodied=self.embodied,
            reserved_s=reserved_s,
            per=per,
            count=count,
            methods=tuple(sorted({energy.method.value for energy in measurement.energies})),
            boundary=f"{domains} of the test processes and their descendants, with their share "
            "of the idle machine; no disks, screens or network",
        )
