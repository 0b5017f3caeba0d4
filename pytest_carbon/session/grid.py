"""The grid of a run: asked for the present by one process, so that reports can say it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["Live", "present_intensity"]


class Live(NamedTuple):
    """The present intensity, ``None`` where nobody gave it, and what to say about it."""

    intensity: Intensity | None
    notes: list[str]


def present_intensity(found: Intensity, pinned: Intensity) -> Live:
    """The live figure of the place that was found here, or else of the pinned one's.

    Uses the network. Never raises: the run goes on with the pinned figure.
    """
    from pytest_carbon.intensity.live.chain import ask_live, live_zone

    try:
        zone = live_zone(found) or live_zone(pinned)
        answer = ask_live(pinned, environ=os.environ, home=Path.home(), zone=zone)
    except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
        # Its class only: its text may hold what was sent.
        return Live(None, [f"live intensity: {type(error).__name__}; reports use the pinned one"])
    notes = [f"live intensity: {line}" for line in answer.failures]
    if answer.live:
        return Live(answer.intensity, notes)
    return Live(None, [*notes, "live intensity: none; reports use the pinned one"])
