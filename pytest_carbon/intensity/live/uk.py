"""The Carbon Intensity API of Great Britain's grid operator: no token, direct emissions only."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.live.checks import field, instant, number
from pytest_carbon.intensity.live.http import Call, Limits, check_base_url, get_json
from pytest_carbon.intensity.live.source import NotCovered

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UkCarbonIntensity"]

BASE_URL = "https://api.carbonintensity.org.uk"


class UkCarbonIntensity:
    """``GET /intensity``: the present half hour, measured where it is known, else the forecast.

    Carbon Intensity API by the National Energy System Operator, CC BY 4.0. It counts what power
    stations emit, and not their fuel's and machines' making, so it lies below lifecycle figures.
    """

    name = "uk-carbon-intensity"

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        limits: Limits | None = None,
        now_s: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = check_base_url(base_url) + "/intensity"
        self._limits = limits or Limits()
        self._now_s = now_s
        self._sleep = sleep

    def fetch(self, zone: str) -> Intensity:
        """The present figure of ``GB``; raises ``NotCovered`` for any other zone."""
        if zone.upper() != "GB":
            raise NotCovered(f"it has no figures for {zone}", remedy="it covers Great Britain")
        answer = get_json(Call(self._url, limits=self._limits), sleep=self._sleep)
        actual = field(answer, "data", 0, "intensity", "actual")
        kind = "direct emissions" if actual is not None else "direct emissions, forecast"
        value = field(answer, "data", 0, "intensity", "forecast") if actual is None else actual
        now = datetime.fromtimestamp(self._now_s(), timezone.utc)
        return Intensity(
            g_per_kwh=number(value),
            zone="GB",
            source=f"UK Carbon Intensity API ({kind})",
            period=instant(field(answer, "data", 0, "from"), now),
            reason="live, zone GB",
        )
