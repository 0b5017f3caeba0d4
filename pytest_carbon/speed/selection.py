"""Which speed probe a run gets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.speed.edges import EdgeProbe, OffProbe

if TYPE_CHECKING:
    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["open_probe"]


def open_probe(
    mode: str,
    *,
    platform: str = sys.platform,
    proc: Path = Path("/proc"),
    executable: str | None = sys.executable,
) -> tuple[SpeedProbe, tuple[str, ...]]:
    """The best probe that ``mode`` (``auto``, ``edges`` or ``off``) allows here.

    The second part says why it is not a better one. Must be called before the CPU clock is
    opened, from the thread that runs the tests, in the process that runs them (each worker has
    a probe of its own). Raises ``SettingError`` for another mode.
    """
    if mode == "off":
        return OffProbe(), ()
    if mode == "edges":
        return EdgeProbe(), ()
    if mode != "auto":
        raise SettingError(
            f"there is no way to probe the speed called {mode!r}",
            remedy="use --carbon-speed=auto, --carbon-speed=edges or --carbon-speed=off",
        )
    if not platform.startswith("linux"):
        return EdgeProbe(), (f"a speed helper needs Linux's /proc, this is {platform}",)
    from pytest_carbon.speed.follow import HelperUnavailable, start_helper

    try:
        return start_helper(proc=proc, executable=executable), ()
    except HelperUnavailable as unavailable:
        return EdgeProbe(), (f"no speed helper: {unavailable}",)
