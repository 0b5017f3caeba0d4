"""Which live sources there are here: those with a token, third parties', and the free one."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.cache import CachedSource
from pytest_carbon.intensity.live.electricity_maps import HEADER, ElectricityMaps
from pytest_carbon.intensity.live.secret import token_from
from pytest_carbon.intensity.live.source import IntensitySource
from pytest_carbon.intensity.live.uk import UkCarbonIntensity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["GROUP", "GuardedSource", "live_sources"]

GROUP = "pytest_carbon.intensity"


class GuardedSource:
    """A third party's source, whose faults of any kind become an ``IntensityError``."""

    def __init__(self, source: IntensitySource) -> None:
        self._source = source

    @property
    def name(self) -> str:
        """The name of the source behind."""
        return self._source.name

    def fetch(self, zone: str) -> Intensity:
        """The source's figure; raises ``IntensityError`` for all that goes wrong."""
        try:
            return self._source.fetch(zone)
        except IntensityError:
            raise
        except Exception as error:  # noqa: BLE001 - a third party's code, whose own errors are many
            fault = type(error).__name__
        # Its class only, and not chained: its text may hold what was sent.
        raise IntensityError(f"it raised {fault}", remedy="ask its authors")


def live_sources(
    environ: Mapping[str, str], folder: Path, points: Iterable[EntryPoint] | None = None
) -> tuple[tuple[IntensitySource, ...], tuple[str, ...]]:
    """The sources in the order they are asked, each behind the cache in ``folder``; and problems.

    Electricity Maps if the environment holds a token; then third parties' (``points``, by default
    the installed entry points of the group ``pytest_carbon.intensity``); then Great Britain's,
    last because it counts direct emissions only.
    """
    sources: list[IntensitySource] = []
    problems = []
    token = token_from(environ, HEADER)
    if token is not None:
        sources.append(ElectricityMaps(token))
    for point in entry_points(group=GROUP) if points is None else points:
        made = _made(point)
        if isinstance(made, str):
            problems.append(f"{point.name}: {made}")
        else:
            sources.append(GuardedSource(made))
    sources.append(UkCarbonIntensity())
    return tuple(CachedSource(source, folder) for source in sources), tuple(problems)


def _made(point: EntryPoint) -> IntensitySource | str:
    try:
        source = point.load()()
    except Exception as error:  # noqa: BLE001 - a third party's code
        return f"the entry point {point.value} raised {type(error).__name__}"
    if not isinstance(source, IntensitySource) or not isinstance(source.name, str):
        return f"the entry point {point.value} makes no source with a name and fetch(zone)"
    return source
