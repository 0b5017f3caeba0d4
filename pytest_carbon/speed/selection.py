"""Which speed probe a run gets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.speed.edges import EdgeProbe, OffProbe

if TYPE_CHECKING:
    from pytest_carbon.speed.launch import StartingHelper
    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["StartingProbe", "open_probe"]


class StartingProbe:
    """The best probe that ``mode`` (``auto``, ``edges`` or ``off``) allows here, on its way.

    Must be made before the CPU clock is opened, by the thread that runs the tests, in the process
    that runs them (each worker has a probe of its own). Raises ``SettingError`` for another mode.
    """

    def __init__(
        self,
        mode: str,
        *,
        platform: str = sys.platform,
        proc: Path = Path("/proc"),
        executable: str | None = sys.executable,
    ) -> None:
        if mode not in {"auto", "edges", "off"}:
            raise SettingError(
                f"there is no way to probe the speed called {mode!r}",
                remedy="use --carbon-speed=auto, --carbon-speed=edges or --carbon-speed=off",
            )
        self._probe: SpeedProbe = OffProbe() if mode == "off" else EdgeProbe()
        self._reasons: tuple[str, ...] = ()
        self._helper: StartingHelper | None = None
        if mode != "auto":
            return
        if not platform.startswith("linux"):
            self._reasons = (f"a speed helper needs Linux's /proc, this is {platform}",)
            return
        from pytest_carbon.speed.launch import HelperUnavailable, StartingHelper

        try:
            self._helper = StartingHelper(proc=proc, executable=executable)
        except HelperUnavailable as unavailable:
            self._reasons = (f"no speed helper: {unavailable}",)

    def finish(self) -> tuple[SpeedProbe, tuple[str, ...]]:
        """The probe; the second part says why it is not a better one."""
        helper, self._helper = self._helper, None
        if helper is not None:
            from pytest_carbon.speed.launch import HelperUnavailable

            try:
                self._probe = helper.finish()
            except HelperUnavailable as unavailable:
                self._reasons = (f"no speed helper: {unavailable}",)
        return self._probe, self._reasons

    def close(self) -> None:
        """End what is still on its way; nothing where it has arrived."""
        if self._helper is not None:
            self._helper.close()
            self._helper = None


def open_probe(mode: str) -> tuple[SpeedProbe, tuple[str, ...]]:
    """The best probe that ``mode`` allows, as ``StartingProbe`` finds it, waited for."""
    return StartingProbe(mode).finish()
