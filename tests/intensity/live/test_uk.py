"""The UK's Carbon Intensity API."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.source import NotCovered


def test_the_measured_half_hour(fake: Any) -> None:
    with fake.FakeApi(fake.uk()) as api:
        found = fake.uk_at(api.url).fetch("GB")
    assert found.g_per_kwh == 121
    assert found.source == "UK Carbon Intensity API (direct emissions)"
    assert found.period == "2025-06-15T15:00Z"
    assert [request.path for request in api.seen] == ["/intensity"]


def test_the_forecast_where_nothing_is_measured_yet(fake: Any) -> None:
    with fake.FakeApi(fake.uk(actual=None)) as api:
        found = fake.uk_at(api.url).fetch("gb")
    assert found.g_per_kwh == 126
    assert "forecast" in found.source


def test_other_zones_are_not_asked_for(fake: Any) -> None:
    with (
        fake.FakeApi(fake.uk()) as api,
        pytest.raises(NotCovered, match="no figures for FR"),
    ):
        fake.uk_at(api.url).fetch("FR")
    assert api.seen == []


@pytest.mark.parametrize(
    "body", ['{"data": []}', '{"data": {}}', "[]", '{"data": [{"intensity": 5}]}', "null"]
)
def test_another_form_is_an_error(fake: Any, body: str) -> None:
    with (
        fake.FakeApi(fake.says(body)) as api,
        pytest.raises(IntensityError, match=r"has no data\.0"),
    ):
        fake.uk_at(api.url).fetch("GB")


def test_a_stale_period_is_an_error_that_suspects_the_clock(fake: Any) -> None:
    with (
        fake.FakeApi(fake.uk(start="2025-06-13T15:00Z")) as api,
        pytest.raises(IntensityError, match="check the clock of this machine"),
    ):
        fake.uk_at(api.url).fetch("GB")
