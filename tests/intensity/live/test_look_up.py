"""Where a machine is, asked of a cloud's metadata service or of a geo-IP service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.geoip import GeoIp
from pytest_carbon.intensity.live.http import Limits, check_base_url
from pytest_carbon.intensity.live.look_up import look_up
from pytest_carbon.intensity.live.metadata import BASE_URL, InstanceMetadata
from pytest_carbon.intensity.live.source import IntensitySource
from pytest_carbon.intensity.table import place

if TYPE_CHECKING:
    from pathlib import Path

PATIENT = Limits(connect_s=10, read_s=10, total_s=30, tries=1)


def metadata_at(url: str) -> InstanceMetadata:
    return InstanceMetadata(base_url=url, limits=PATIENT)


def test_both_are_of_the_interface_of_sources() -> None:
    assert isinstance(InstanceMetadata(), IntensitySource)
    assert isinstance(GeoIp(), IntensitySource)


@pytest.mark.parametrize(
    ("cloud", "region"),
    [("aws", "eu-west-3"), ("gcp", "europe-west1"), ("azure", "westeurope")],
)
def test_the_region_of_a_clouds_machine(fake: Any, cloud: str, region: str) -> None:
    with fake.FakeApi(fake.metadata(cloud, region)) as api:
        found = metadata_at(api.url).fetch("")
    known = place(f"{cloud}:{region}")
    assert (found.zone, found.g_per_kwh) == (f"{cloud}:{region}", known.g_per_kwh)
    assert found.source == known.source
    assert found.reason == f"instance metadata of {cloud}: {region}"


@pytest.mark.parametrize("region", ["mars-1", "", "\x1b[2J", "x" * 100])
@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_region_without_a_figure_is_never_replaced(fake: Any, cloud: str, region: str) -> None:
    with (
        fake.FakeApi(fake.metadata(cloud, region)) as api,
        pytest.raises(IntensityError, match=r"no figure is shipped for|names no region") as caught,
    ):
        metadata_at(api.url).fetch("")
    assert str(caught.value).isprintable()


def test_a_machine_of_no_cloud(fake: Any) -> None:
    with (
        fake.FakeApi(fake.says("{}", 404)) as api,
        pytest.raises(IntensityError, match="no cloud's metadata service answers"),
    ):
        metadata_at(api.url).fetch("")
    assert len(api.seen) == 3
    with pytest.raises(IntensityError, match="no cloud's metadata service answers"):
        metadata_at(fake.unused_url()).fetch("")


def test_metadata_is_asked_past_the_proxies_of_the_environment(
    fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY")
    with (
        fake.FakeApi(fake.metadata("aws", "us-east-1")) as proxy,
        fake.FakeApi(fake.metadata("aws", "eu-west-3")) as api,
    ):
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert metadata_at(api.url).fetch("").zone == "aws:eu-west-3"
    assert proxy.seen == []


def test_a_metadata_service_that_leads_elsewhere_is_refused(fake: Any) -> None:
    with (
        fake.FakeApi(fake.metadata("gcp", "us-east1")) as other,
        fake.FakeApi(fake.says("", 307, Location=other.url)) as api,
        pytest.raises(IntensityError, match="no cloud's"),
    ):
        metadata_at(api.url).fetch("")
    assert other.seen == []


def test_only_metadata_may_be_asked_in_clear_text_and_only_nearby() -> None:
    assert check_base_url(BASE_URL, link_local=True) == BASE_URL
    for url in (BASE_URL, "http://10.0.0.1"):
        with pytest.raises(IntensityError, match="is not safe"):
            check_base_url(url)
    with pytest.raises(IntensityError, match="is not safe"):
        check_base_url("http://metadata.example", link_local=True)


def test_the_country_of_a_network_address(fake: Any) -> None:
    with fake.FakeApi(fake.geojs("FR")) as api:
        found = GeoIp(base_url=api.url, limits=PATIENT).fetch("")
    assert (found.zone, found.g_per_kwh) == ("FRA", place("FRA").g_per_kwh)
    assert "misleads" in found.reason
    assert [request.path for request in api.seen] == ["/v1/ip/country.json"]


@pytest.mark.parametrize("code", ["XX", "", None, 7, ["FR"], "FRANCE", "\x1b[2J"])
def test_a_country_without_a_figure_is_an_error(fake: Any, code: object) -> None:
    with (
        fake.FakeApi(fake.geojs(code)) as api,
        pytest.raises(IntensityError, match="names no country with a figure"),
    ):
        GeoIp(base_url=api.url, limits=PATIENT).fetch("")


def test_a_setting_or_codecarbons_goes_before_every_look_up(tmp_path: Path) -> None:
    """Without a server: nobody may be asked."""
    environ = {"CODECARBON_COUNTRY_ISO_CODE": "DEU"}
    for setting, zone in (("FRA", "FRA"), (None, "DEU")):
        found, failures = look_up(
            ["geoip", "metadata"], setting, environ=environ, cwd=tmp_path, home=tmp_path
        )
        assert (found.zone, failures) == (zone, ())
    assert list(tmp_path.iterdir()) == []
