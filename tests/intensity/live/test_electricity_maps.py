"""Electricity Maps' documented answer, and the request that brings it."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.electricity_maps import ElectricityMaps
from pytest_carbon.intensity.live.http import Limits
from pytest_carbon.intensity.live.secret import TOKEN_VARIABLES, HeaderToken, token_from

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler


def test_the_documented_answer(fake: Any) -> None:
    with fake.FakeApi(fake.electricity_maps()) as api:
        found = fake.maps_at(api.url).fetch("GB")
    assert found.g_per_kwh == 187
    assert (found.zone, found.period) == ("GB", "2025-06-15T15:00Z")
    assert found.source == "Electricity Maps (lifecycle)"


def test_an_estimate_and_direct_factors_are_marked(fake: Any) -> None:
    answer = fake.electricity_maps(isEstimated=True, emissionFactorType="direct")
    with fake.FakeApi(answer) as api:
        found = fake.maps_at(api.url).fetch("GB")
    assert found.source == "Electricity Maps (direct, estimated)"


def test_the_request_has_the_token_in_its_header_and_always_a_zone(fake: Any) -> None:
    with fake.FakeApi(fake.electricity_maps()) as api:
        fake.maps_at(api.url).fetch("GB")
    (request,) = api.seen
    assert request.path == "/v3/carbon-intensity/latest"
    assert request.query == {"zone": ["GB"]}
    assert request.headers["auth-token"] == fake.TOKEN


def test_nothing_is_sent_without_a_zone(fake: Any) -> None:
    with (
        fake.FakeApi(fake.electricity_maps()) as api,
        pytest.raises(IntensityError, match="no zone is known"),
    ):
        fake.maps_at(api.url).fetch("")
    assert api.seen == []


def test_a_second_try_helps_after_a_passing_fault(fake: Any) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        (fake.says("", 503) if len(api.seen) == 1 else fake.electricity_maps())(handler)

    with fake.FakeApi(answer) as api:
        assert fake.maps_at(api.url).fetch("GB").g_per_kwh == 187
    assert len(api.seen) == 2


def test_pauses_double_and_follow_what_the_server_asks_for(fake: Any) -> None:
    pauses: list[float] = []
    limits = Limits(pause_s=0.5, tries=3)
    with fake.FakeApi(fake.says("", 500)) as api:
        source = ElectricityMaps(
            HeaderToken("auth-token", "x"), base_url=api.url, limits=limits, sleep=pauses.append
        )
        with pytest.raises(IntensityError):
            source.fetch("GB")
        assert pauses == [0.5, 1.0]
        api.answer = fake.says("", 429, Retry_After="3")
        with pytest.raises(IntensityError):
            source.fetch("GB")
    assert pauses == [0.5, 1.0, 3.0, 3.0]


def test_a_redirect_within_the_host_is_followed(fake: Any) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        moved = fake.says("", 302, Location="/v4/latest?zone=GB")
        (moved if len(api.seen) == 1 else fake.electricity_maps())(handler)

    with fake.FakeApi(answer) as api:
        assert fake.maps_at(api.url).fetch("GB").g_per_kwh == 187
    assert [request.path for request in api.seen] == ["/v3/carbon-intensity/latest", "/v4/latest"]


def test_a_redirect_to_another_port_gets_no_token(fake: Any) -> None:
    """Another port of the same machine may be another user's."""
    with fake.FakeApi(fake.electricity_maps()) as thief:
        moved = fake.says("", 307, Location=f"{thief.url}/v3/carbon-intensity/latest?zone=GB")
        with fake.FakeApi(moved) as api, pytest.raises(IntensityError, match="another host"):
            fake.maps_at(api.url).fetch("GB")
    assert thief.seen == []


@pytest.mark.parametrize(
    "url",
    ["http://api.electricitymaps.com", "ftp://127.0.0.1", "http://127.0.0.1.evil.example", ""],
)
def test_a_token_is_never_sent_in_clear_text(url: str) -> None:
    with pytest.raises(IntensityError, match="is not safe: use https"):
        ElectricityMaps(HeaderToken("auth-token", "x"), base_url=url)


@pytest.mark.parametrize("token", ["two words", "a\r\nX-Evil: 1", "naïve", "tab\there"])
def test_a_token_that_no_header_can_hold_is_refused_unseen(fake: Any, token: str) -> None:
    with (
        fake.FakeApi(fake.electricity_maps()) as api,
        pytest.raises(IntensityError, match="blanks or letters") as caught,
    ):
        fake.maps_at(api.url, token=token).fetch("GB")
    assert api.seen == []
    assert token not in str(caught.value)


@pytest.mark.parametrize("variable", TOKEN_VARIABLES)
def test_the_token_comes_from_the_environment(fake: Any, variable: str) -> None:
    token = token_from({variable: f" {fake.TOKEN}\n"}, "auth-token")
    assert token is not None
    with fake.FakeApi(fake.electricity_maps()) as api:
        ElectricityMaps(token, base_url=api.url, now_s=lambda: fake.NOW_S).fetch("GB")
    assert api.seen[0].headers["auth-token"] == fake.TOKEN


def test_no_token_is_none() -> None:
    assert token_from({"ELECTRICITYMAPS_API_TOKEN": "  "}, "auth-token") is None


def test_a_token_is_neither_printed_nor_stored() -> None:
    token = HeaderToken("auth-token", "hidden")
    assert repr(token) == str(token) == "HeaderToken('auth-token', ***)"
    with pytest.raises(TypeError, match="never stored"):
        pickle.dumps(token)
    with pytest.raises(TypeError, match="never stored"):
        copy.copy(token)
