"""Where a cloud's machine is, asked of the metadata service that only the machine itself reaches.

Amazon's (IMDSv2), Google's and Microsoft's all answer at the same link-local address. Proxies are
passed by, since a proxy would answer for its own machine.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.checks import field
from pytest_carbon.intensity.live.http import Call, Limits, check_base_url, get, get_json
from pytest_carbon.intensity.live.secret import HeaderToken
from pytest_carbon.intensity.location import intensity_of
from pytest_carbon.intensity.table import cloud_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["InstanceMetadata"]

BASE_URL = "http://169.254.169.254"
QUICK = Limits(connect_s=0.5, read_s=1.0, total_s=2.0, tries=1)
"""On a machine of no cloud nobody answers, and three clouds are asked."""

LONGEST_REGION = 40
LONGEST_TOKEN = 200


class InstanceMetadata:
    """The figure of the cloud region that this machine runs in, whatever the zone asked for."""

    name = "instance-metadata"

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        limits: Limits = QUICK,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = check_base_url(base_url, link_local=True)
        self._limits = limits
        self._sleep = sleep

    def fetch(self, zone: str) -> Intensity:  # noqa: ARG002 - the machine is where it is
        """The figure of this machine's region; raises ``IntensityError`` where none is known."""
        clouds = {"aws": self._aws, "gcp": self._gcp, "azure": self._azure}
        for provider, ask in clouds.items():
            try:
                region = ask()
            except IntensityError:
                # Another cloud's, or none.
                continue
            return self._figure(provider, region)
        raise IntensityError("no cloud's metadata service answers", remedy="set the region")

    def _figure(self, provider: str, region: object) -> Intensity:
        if isinstance(region, str) and region.isprintable() and len(region) <= LONGEST_REGION:
            found = cloud_region(provider, region)
            if found is not None:
                return intensity_of(found, f"instance metadata of {provider}: {region}")
            raise IntensityError(f"no figure is shipped for {provider}:{region}", remedy="set one")
        raise IntensityError(f"{provider} names no region", remedy="set the region")

    def _json(self, path: str, headers: dict[str, str], token: HeaderToken | None = None) -> object:
        call = Call(
            self._url + path, headers=headers, token=token, limits=self._limits, direct=True
        )
        return get_json(call, sleep=self._sleep)

    def _aws(self) -> object:
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        call = Call(
            f"{self._url}/latest/api/token",
            method="PUT",
            headers=headers,
            limits=self._limits,
            direct=True,
        )
        session = get(call, sleep=self._sleep)[:LONGEST_TOKEN].decode("latin-1")
        token = HeaderToken("X-aws-ec2-metadata-token", session)
        return field(self._json("/latest/dynamic/instance-identity/document", {}, token), "region")

    def _gcp(self) -> object:
        flavor = {"Metadata-Flavor": "Google"}
        # projects/123/zones/europe-west1-b
        zone = self._json("/computeMetadata/v1/instance/zone?alt=json", flavor)
        return str(zone).rpartition("/")[2].rpartition("-")[0]

    def _azure(self) -> object:
        path = "/metadata/instance/compute?api-version=2021-02-01"
        return field(self._json(path, {"Metadata": "true"}), "location")
