"""Live intensity, for reports only: sources asked in turn, and the pinned figure at the end.

What is gated and budgeted never comes from here.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError, SettingError
from pytest_carbon.intensity.live.source import NotCovered
from pytest_carbon.intensity.table import place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.live.source import IntensitySource

__all__ = ["LiveIntensity", "ask_in_turn", "ask_live", "live_zone"]

PROVINCES_WITH_ZONES = "CA-"
"""Electricity Maps' zones are ISO 3166-2 codes in Canada, and grid operators' in the USA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveIntensity:
    """The figure for reports: ``intensity`` is a live one, or the pinned one where ``live`` is not.

    ``failures`` are lines to be shown once a run: which source did not answer, and why.
    """

    intensity: Intensity
    live: bool
    failures: tuple[str, ...]


def live_zone(pinned: Intensity) -> str:
    """The zone that live sources are asked for, empty where no place is known."""
    try:
        grid = place(pinned.zone).grid
    except SettingError:
        return ""
    return grid if grid.startswith(PROVINCES_WITH_ZONES) else grid[:2]


def ask_in_turn(sources: Sequence[IntensitySource], zone: str, pinned: Intensity) -> LiveIntensity:
    """The first answer of ``sources`` for ``zone``, or ``pinned``; raises nothing of theirs."""
    failures = []
    for source in sources:
        answer = _asked(source, zone)
        if isinstance(answer, str):
            failures.append(f"{source.name}: {answer}")
        elif answer is not None:
            return LiveIntensity(intensity=answer, live=True, failures=tuple(failures))
    return LiveIntensity(intensity=pinned, live=False, failures=tuple(failures))


def _asked(source: IntensitySource, zone: str) -> Intensity | str | None:
    """The source's answer, or why it has none in words, or ``None`` for a zone not covered."""
    try:
        # A library that warns as it is imported must not end a run that has -W error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return source.fetch(zone)
    except NotCovered:
        return None
    except IntensityError as error:
        return str(error)
    except OSError as error:
        # Its class only: the text of an error from below may hold what was sent.
        return type(error).__name__


def ask_live(
    pinned: Intensity, *, environ: Mapping[str, str], home: Path, zone: str | None = None
) -> LiveIntensity:
    """The live figure for the place of ``pinned``, or of ``zone``; uses the network.

    Meant for one process of a run. Never raises for what the network, a server, a token, the
    cache or a third party's source does: ``failures`` says it, and the pinned figure stays.
    """
    from pytest_carbon.intensity.live.cache import cache_folder
    from pytest_carbon.intensity.live.sources import live_sources

    wanted = live_zone(pinned) if zone is None else zone
    if not wanted:
        line = f"nothing live for {pinned.zone}: set a country, such as --carbon-intensity=FRA"
        return LiveIntensity(intensity=pinned, live=False, failures=(line,))
    sources, problems = live_sources(environ, cache_folder(environ, home))
    answer = ask_in_turn(sources, wanted, pinned)
    failures = (*problems, *answer.failures)
    if not answer.live and not failures:
        failures = (f"nothing live for {wanted}: set ELECTRICITYMAPS_API_TOKEN",)
    return LiveIntensity(intensity=answer.intensity, live=answer.live, failures=failures)
