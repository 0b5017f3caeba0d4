"""Electricity Maps (what CO2 Signal became): lifecycle intensity of most grids, with a token."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.live.checks import field, instant, number
from pytest_carbon.intensity.live.http import Call, Limits, check_base_url, get_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.intensity.live.secret import HeaderToken

__all__ = ["ElectricityMaps"]

BASE_URL = "https://api.electricitymaps.com"
HEADER = "auth-token"


class ElectricityMaps:
    """``GET /v3/carbon-intensity/latest?zone=FR`` with the header ``auth-token``.

    Always sent with a zone: without one the service places the caller by its address.
    """

    name = "electricity-maps"

    def __init__(
        self,
        token: HeaderToken,
        *,
        base_url: str = BASE_URL,
        limits: Limits | None = None,
        now_s: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._token = token
        self._url = check_base_url(base_url) + "/v3/carbon-intensity/latest"
        self._limits = limits or Limits()
        self._now_s = now_s
        self._sleep = sleep

    def fetch(self, zone: str) -> Intensity:
        """The zone's latest figure; raises ``IntensityError`` for every failure."""
        if not zone:
            raise IntensityError("no zone is known", remedy="set a country, such as FRA")
        call = Call(self._url, params={"zone": zone}, token=self._token, limits=self._limits)
        answer = get_json(call, sleep=self._sleep)
        said = field(answer, "zone")
        if not isinstance(said, str) or said.upper() != zone.upper():
            raise IntensityError(
                f"the answer is not of the zone {zone}", remedy="the run goes on without it"
            )
        estimated = isinstance(answer, dict) and answer.get("isEstimated") is True
        direct = isinstance(answer, dict) and answer.get("emissionFactorType") == "direct"
        kind = "direct" if direct else "lifecycle"
        return Intensity(
            g_per_kwh=number(field(answer, "carbonIntensity")),
            zone=zone,
            source=f"Electricity Maps ({kind}{', estimated' if estimated else ''})",
            period=instant(
                field(answer, "datetime"), datetime.fromtimestamp(self._now_s(), timezone.utc)
            ),
            reason=f"live, zone {zone}",
        )
