"""Where a network address is thought to be: a country at best, and at times the wrong one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.checks import field
from pytest_carbon.intensity.live.http import Call, Limits, check_base_url, get_json
from pytest_carbon.intensity.location import intensity_of
from pytest_carbon.intensity.table import country

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["GeoIp"]

BASE_URL = "https://get.geojs.io"


class GeoIp:
    """``GET /v1/ip/country.json`` of GeoJS, which answers with the caller's country.

    States and provinces are not asked for: that is where such services err most.
    """

    name = "geo-ip"

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = check_base_url(base_url) + "/v1/ip/country.json"
        self._limits = limits or Limits()
        self._sleep = sleep

    def fetch(self, zone: str) -> Intensity:  # noqa: ARG002 - the caller is where it is
        """The figure of the country that this network is in; raises ``IntensityError``."""
        answer = get_json(Call(self._url, limits=self._limits), sleep=self._sleep)
        code = field(answer, "country")
        found = country(code) if isinstance(code, str) and len(code) <= 3 else None
        if found is None:
            raise IntensityError("the answer names no country with a figure", remedy="set one")
        return intensity_of(found, f"geo-IP by GeoJS: {found.zone}; a VPN or proxy misleads it")
