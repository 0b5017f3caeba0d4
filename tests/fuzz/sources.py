"""Answers of servers, byte by byte as they come, and the cache that keeps them."""

from __future__ import annotations

import socket
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from urllib3.connection import HTTPConnection

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live import http, metadata
from pytest_carbon.intensity.live.cache import CachedSource
from pytest_carbon.intensity.live.chain import ask_in_turn
from pytest_carbon.intensity.live.checks import checked
from pytest_carbon.intensity.live.electricity_maps import HEADER, ElectricityMaps
from pytest_carbon.intensity.live.geoip import GeoIp
from pytest_carbon.intensity.live.http import Call, Limits
from pytest_carbon.intensity.live.metadata import InstanceMetadata
from pytest_carbon.intensity.live.secret import HeaderToken
from pytest_carbon.intensity.live.uk import UkCarbonIntensity
from tests.fuzz.check import Target, check_error, check_text
from tests.results import INTENSITY

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.live.source import IntensitySource

_URL = "http://127.0.0.1:9"
_NOW_S = datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc).timestamp()
_TOKEN = "k3y-n0b0dy-5ee5"
_ONCE = Limits(total_s=5.0, tries=1, bytes=4096)


def _sources() -> list[IntensitySource]:
    told: dict[str, Any] = {"base_url": _URL, "limits": _ONCE}
    return [
        ElectricityMaps(HeaderToken(HEADER, _TOKEN), now_s=lambda: _NOW_S, **told),
        UkCarbonIntensity(now_s=lambda: _NOW_S, **told),
        GeoIp(**told),
        InstanceMetadata(**told),
    ]


def use_answer(data: bytes, folder: Path) -> bool:
    """What each source makes of the same answer, and what the cache makes of that."""

    def connected(_: HTTPConnection) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(data[:60_000])
        return ours

    with patch.object(HTTPConnection, "_new_conn", connected):
        return _ask_all(folder)


def use_body(data: bytes, folder: Path) -> bool:
    """The same for the JSON in an answer, without the way there, for many more tries."""

    def get(call: Call, *, sleep: object) -> bytes:  # noqa: ARG001
        return data

    with patch.object(http, "get", get), patch.object(metadata, "get", get):
        return _ask_all(folder)


def _ask_all(folder: Path) -> bool:
    took = [_ask(source, folder) for source in _sources()]
    return any(took)


def _ask(source: IntensitySource, folder: Path) -> bool:
    """Ask once; the second time the cache answers, and says the same."""
    kept = CachedSource(source, folder, now_s=lambda: _NOW_S)
    answer, again = (ask_in_turn([kept], "GB", INTENSITY) for _ in range(2))
    assert answer == again
    assert checked(answer.intensity) == answer.intensity
    for failure in answer.failures:
        check_text(failure)
        assert _TOKEN not in failure
    assert not [path for path in folder.iterdir() if _TOKEN.encode() in path.read_bytes()]
    return answer.live


class _Other:
    """A source that is asked where the cache has nothing that can be used."""

    name = "other"

    def fetch(self, zone: str) -> Intensity:
        return INTENSITY._replace(zone=zone)


def use_cache(data: bytes, folder: Path) -> bool:
    """What a run makes of a file in the place of the cache's."""
    source = CachedSource(_Other(), folder, now_s=lambda: _NOW_S)
    source.fetch("GB")
    [path] = folder.glob("*.json")
    path.write_bytes(data)
    try:
        found = source.fetch("GB")
    except IntensityError as error:
        check_error(error)
        return True
    assert checked(found) == found
    return found != INTENSITY._replace(zone="GB")


TARGETS = {
    "answer": Target(use_answer, form="body"),
    "body": Target(use_body),
    "cache": Target(use_cache),
}
