"""The grid of a run: found by one process, which tells the others, and asked for the present."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_carbon.home import home_folder
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.location import resolve_intensity
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    import pytest

    from pytest_carbon.settings import Settings

__all__ = ["Live", "find_intensity", "present_intensity"]


def find_intensity(
    config: pytest.Config, settings: Settings, told: dict[str, Any] | None
) -> tuple[Intensity, list[str]]:
    """The intensity of where the run is, and what to say about it.

    ``told`` is what the controller told a worker. The network is used where the user asked for it,
    and not for a run that only lists or explains something. Raises ``SettingError``.
    """
    if told is not None:
        return Intensity(**told), []
    place: Any = {"environ": os.environ, "cwd": config.rootpath, "home": home_folder()}
    lists = config.getoption("collectonly", False) or config.getoption("help", False)
    if not settings.locate or lists:
        return resolve_intensity(settings.intensity, **place), []
    from pytest_carbon.intensity.live.look_up import look_up

    found, failures = look_up(settings.locate, settings.intensity, **place)
    return found, [f"location: {line}" for line in failures]


class Live(NamedTuple):
    """The present intensity, ``None`` where nobody gave it, and what to say about it."""

    intensity: Intensity | None
    notes: list[str]


def present_intensity(found: Intensity, pinned: Intensity, zone: str | None) -> Live:
    """The live figure of ``zone``, else of the place that was found here, else of the pinned one's.

    Uses the network. Never raises: the run goes on with the pinned figure.
    """
    from pytest_carbon.intensity.live.chain import ask_live, live_zone

    try:
        zone = zone or live_zone(found) or live_zone(pinned)
        answer = ask_live(pinned, environ=os.environ, home=home_folder(), zone=zone)
    except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
        # Its class only: its text may hold what was sent.
        return Live(None, [f"live intensity: {type(error).__name__}; reports use the pinned one"])
    notes = [f"live intensity: {line}" for line in answer.failures]
    if answer.live:
        return Live(answer.intensity, notes)
    return Live(None, [*notes, "live intensity: none; reports use the pinned one"])
