"""Power usage effectiveness: what a building draws for each joule that its computers draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.intensity.codecarbon import codecarbon_settings
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["CLOUD_PUE", "NO_PUE", "WORLD_PUE_2018", "Pue", "resolve_pue"]

CLOUD_PUE = {"aws": 1.135, "azure": 1.185, "gcp": 1.1}
"""Mean PUE of cloud providers (Cloud Carbon Footprint's coefficients, Apache-2.0)."""

WORLD_PUE_2018 = 1.58
"""Mean PUE of the world's data centres in 2018 (Strubell et al. 2019, arXiv 1906.02243)."""

HIGHEST_PUE = 10.0


class Pue(NamedTuple):
    """A multiplier of energy, 1.0 or more, and why this one was taken.

    It applies to reported grams and to the E of the SCI score. Joules are always those at the
    computer, and neither gates nor budgets know it.
    """

    factor: float
    reason: str


NO_PUE = Pue(factor=1.0, reason="default")


def resolve_pue(setting: str | None, *, environ: Mapping[str, str], cwd: Path, home: Path) -> Pue:
    """The PUE of a run: the setting, codecarbon's ``pue``, else 1.0.

    ``setting`` is a number, or a cloud provider (``aws``, ``azure``, ``gcp``) for its mean.
    Raises ``SettingError`` for what is neither, below 1 or above 10.
    """
    if setting is not None and setting.strip():
        return _parsed(setting.strip(), "carbon_pue")
    given = codecarbon_settings(environ, cwd, home).get("pue")
    if given is not None:
        return _parsed(given.value, f"codecarbon's {given.where}")
    return NO_PUE


def _parsed(text: str, where: str) -> Pue:
    reason = f"{where}={text}"
    provider = CLOUD_PUE.get(text.lower())
    if provider is not None:
        return Pue(factor=provider, reason=f"{reason}, mean of the provider's data centres")
    remedy = "write a number such as 1.2, or aws, azure or gcp"
    try:
        factor = float(text)
    except ValueError:
        raise SettingError(f"{reason} is not a number", remedy=remedy) from None
    if not 1 <= factor <= HIGHEST_PUE:
        raise SettingError(f"{reason} is not within 1 to {HIGHEST_PUE:g}", remedy=remedy)
    return Pue(factor=factor, reason=reason)
