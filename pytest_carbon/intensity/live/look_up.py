"""Opt-in look-ups of where this machine is, behind the same interface and cache as live sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.intensity.live.cache import CachedSource, cache_folder
from pytest_carbon.intensity.live.chain import ask_in_turn
from pytest_carbon.intensity.live.geoip import GeoIp
from pytest_carbon.intensity.live.metadata import InstanceMetadata
from pytest_carbon.intensity.location import resolve_intensity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.live.source import IntensitySource

__all__ = ["look_up"]

FRESH_S = 3600.0
"""Machines do not move often."""

_SOURCES: dict[str, Callable[[], IntensitySource]] = {"metadata": InstanceMetadata, "geoip": GeoIp}


def look_up(
    names: Sequence[str],
    setting: str | None,
    *,
    environ: Mapping[str, str],
    cwd: Path,
    home: Path,
) -> tuple[Intensity, tuple[str, ...]]:
    """The pinned intensity as ``resolve_intensity`` finds it, with look-ups where nothing is set.

    ``names`` are of ``LOOK_UPS``, in the order they are asked; the network is used only where
    neither a setting nor codecarbon's says the place. Also returned is which look-up failed, and
    why; the environment and the world mean then decide. Raises ``SettingError``.
    """
    failures: tuple[str, ...] = ()

    def ask(without: Intensity) -> Intensity:
        nonlocal failures
        folder = cache_folder(environ, home)
        sources: list[IntensitySource] = [
            CachedSource(_SOURCES[name](), folder, fresh_s=FRESH_S) for name in names
        ]
        answer = ask_in_turn(sources, "", without)
        failures = answer.failures
        return answer.intensity

    found = resolve_intensity(setting, environ=environ, cwd=cwd, home=home, ask=ask)
    return found, failures
