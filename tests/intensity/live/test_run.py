"""A run that asks the network: through a real proxy and TLS, and what it says and never says."""

from __future__ import annotations

import json
import shutil
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Carbon = Callable[..., pytest.RunResult]

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs openssl for a certificate"
)

TESTS = """
import subprocess
from burn import burn

def test_one():
    burn(0.02)

def test_process_titles():
    titles = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    open("titles.txt", "w").write(titles)
"""


@pytest.fixture
def maps(
    fake: Any,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """Electricity Maps behind a proxy of the environment, under its own name and with TLS."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, context = fake.make_certificate(
        folder, "DNS:api.electricitymaps.com", "DNS:get.geojs.io"
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("ELECTRICITYMAPS_API_TOKEN", fake.TOKEN)
    with (
        fake.FakeApi(fake.present_electricity_maps(), tls=context) as api,
        fake.FakeApi(fake.tunnel_to(api.server.server_port)) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        api.proxy = proxy
        yield api


def properties(pytester: pytest.Pytester) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The session's properties in ``out.xml``, and those of each test."""
    suite = ET.parse(pytester.path / "out.xml").getroot()[0]

    def of(element: ET.Element) -> dict[str, str]:
        return {p.get("name", ""): p.get("value", "") for p in element.iterfind("properties/*")}

    return of(suite), {case.get("name", ""): of(case) for case in suite.iterfind("testcase")}


def test_a_live_figure_counts_in_reports_and_its_token_shows_nowhere(
    fake: Any, maps: Any, carbon: Carbon, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(TESTS)
    result = carbon(
        "--carbon-live",
        "--carbon-intensity=GBR",
        "-vv",
        "--showlocals",
        "--debug",
        "--junitxml=out.xml",
        "--carbon-report=json:out.json",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "carbon: 187 gCO2e/kWh (GB, Electricity Maps (lifecycle) *; live, zone GB)",
            "  intensity: 187 gCO2e/kWh, GB, Electricity Maps (lifecycle) *",
            "  gates and budgets use the pinned 217.41 gCO2e/kWh, GBR, * (carbon_intensity=GBR)",
        ]
    )
    assert [request.headers["auth-token"] for request in maps.seen] == [fake.TOKEN]
    assert {request.method for request in maps.proxy.seen} == {"CONNECT"}
    session, tests = properties(pytester)
    assert session["carbon.live_g_per_kwh"] == "187"
    assert session["carbon.intensity_g_per_kwh"] == "217.41"
    one = tests["test_one"]
    grams = float(one["carbon.energy_j"]) / 3.6e6 * 187
    assert float(one["carbon.emissions_g"]) == pytest.approx(grams, rel=1e-4)
    files = [path for path in pytester.path.rglob("*") if path.is_file()]
    expected = {"out.xml", "out.json", "pytestdebug.log", "titles.txt"}
    assert expected <= {path.name for path in files}
    assert json.loads((pytester.path / "out.json").read_text())["live"]["g_per_kwh"] == 187
    assert any(path.name.startswith("intensity-") for path in files)
    written = b"".join(path.read_bytes() for path in files).decode(errors="replace")
    assert fake.TOKEN not in result.stdout.str() + result.stderr.str() + written


def test_a_run_with_workers_makes_one_request(
    maps: Any, carbon: Carbon, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    result = carbon("--carbon-live", "--carbon-intensity=GBR", "-n2")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["  intensity: 187 gCO2e/kWh, GB, *"])
    assert len(maps.seen) == 1


def test_a_zone_may_be_set_for_live_sources_only(
    fake: Any, maps: Any, carbon: Carbon, pytester: pytest.Pytester
) -> None:
    maps.answer = fake.present_electricity_maps(zone="US-CAL-CISO")
    pytester.makepyfile("def test_one(): pass")
    result = carbon("--carbon-live", "--carbon-intensity=US-CA", "--carbon-live-zone=us-cal-ciso")
    result.stdout.fnmatch_lines(
        [
            "  intensity: 187 gCO2e/kWh, US-CAL-CISO, *",
            "  gates and budgets use the pinned *US-CA,*",
        ]
    )
    assert [request.query for request in maps.seen] == [{"zone": ["US-CAL-CISO"]}]
    result = carbon("--carbon-live", "--carbon-live-zone=California")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--carbon-live-zone=California is no zone: write it like FR" in result.stderr.str()


def test_a_failure_is_said_once_and_the_run_goes_on(
    fake: Any, maps: Any, carbon: Carbon, pytester: pytest.Pytester
) -> None:
    maps.answer = fake.says("{}", 401)
    pytester.makepyfile("def test_one(): pass")
    result = carbon("--carbon-live", "--carbon-intensity=FRA", "-W", "error", "-v")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert result.stdout.str().count("refuses the token (HTTP 401)") == 1
    result.stdout.fnmatch_lines(
        [
            "  intensity: * gCO2e/kWh, FRA, *",
            "note: live intensity: none; reports use the pinned one",
        ]
    )


def test_a_live_figure_neither_gates_nor_exceeds_a_budget(
    fake: Any,
    maps: Any,
    carbon: Carbon,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the pinned 10 g/kWh the test stays far below its budget, at the live 3000 far above."""
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.mark.carbon_budget(ug=10)
        def test_one():
            burn(0.02)
        """
    )
    carbon("--carbon-intensity=10", "--carbon-update").assert_outcomes(passed=1)
    maps.answer = fake.present_electricity_maps(carbonIntensity=3000, zone="GB")
    monkeypatch.setenv("CODECARBON_COUNTRY_ISO_CODE", "GBR")
    result = carbon("--carbon-live", "--carbon-tolerance=900%")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "  intensity: 3000 gCO2e/kWh, GB, *",
            "  gates and budgets use the pinned 10 gCO2e/kWh, custom, *pinned with the baselines*",
        ]
    )


@pytest.mark.cold_start
def test_nothing_goes_over_the_network_unless_asked_for(
    maps: Any, carbon: Carbon, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("import sys\ndef test_one(): assert 'requests' not in sys.modules")
    carbon("--carbon-intensity=GBR").assert_outcomes(passed=1)
    carbon("--carbon-live", "--carbon-intensity=GBR", "--collect-only")
    assert maps.seen == []
    assert maps.proxy.seen == []


def test_a_third_partys_installed_source_answers_a_run(
    carbon: Carbon, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    pytester.makepyfile(
        roof="""
        from pytest_carbon.intensity.intensity import Intensity

        class Roof:
            name = "roof"

            def fetch(self, zone):
                return Intensity(
                    g_per_kwh=45, zone=zone, source="our roof", period="now", reason="live"
                )
        """,
        test_one="def test_one(): pass",
    )
    info = pytester.mkdir("roof-1.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: roof\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest_carbon.intensity]\nroof = roof:Roof\n")
    result = carbon("--carbon-live", "--carbon-intensity=FRA")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["  intensity: 45 gCO2e/kWh, FR, our roof now (live)"])


def test_geo_ip_places_a_run_only_where_it_is_asked_for_and_nothing_is_set(
    fake: Any, maps: Any, carbon: Carbon, pytester: pytest.Pytester
) -> None:
    maps.answer = fake.geojs("GB")
    pytester.makepyfile("def test_one(): pass")
    result = carbon("--carbon-locate=geoip", "-n2", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["  intensity: * gCO2e/kWh, GBR, * (geo-IP by GeoJS: GBR; a VPN or proxy misleads it)"]
    )
    assert [request.path for request in maps.seen] == ["/v1/ip/country.json"]
    assert "auth-token" not in maps.seen[0].headers
    for args in (["--carbon-intensity=FRA"], ["--collect-only"], ["--help"]):
        shutil.rmtree(pytester.path / "cache")
        carbon("--carbon-locate=geoip", *args)
        (pytester.path / "cache").mkdir(exist_ok=True)
    assert len(maps.seen) == 1


def test_the_command_says_where_it_was_placed_and_what_is_live(
    fake: Any, maps: Any, pytester: pytest.Pytester
) -> None:
    def answer(handler: Any) -> None:
        is_place = handler.path.startswith("/v1/ip")
        (fake.geojs("GB") if is_place else fake.present_electricity_maps())(handler)

    maps.answer = answer
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "intensity"]
    result = pytester.run(*command, "--locate=geoip", "--live")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "place      United Kingdom (GBR)",
            "because    geo-IP by GeoJS: GBR; a VPN or proxy misleads it",
            "live       187 gCO2e/kWh, Electricity Maps (lifecycle), * (for reports only)",
        ]
    )
    assert fake.TOKEN not in result.stdout.str() + result.stderr.str()


def test_a_look_up_that_fails_is_said_once_and_the_environment_decides(
    fake: Any,
    maps: Any,
    carbon: Carbon,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    maps.answer = fake.says("no", 403)
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    pytester.makepyfile("def test_one(): pass")
    result = carbon("--carbon-locate=geoip", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["  intensity: * aws:eu-west-3, * (AWS_REGION=eu-west-3)"])
    assert result.stdout.str().count("location: geo-ip: get.geojs.io answers with HTTP 403") == 1


def test_an_unknown_look_up_is_a_usage_error(carbon: Carbon, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass")
    result = carbon("--carbon-locate=gps")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--carbon-locate=gps has the unknown name 'gps': use metadata or geoip" in str(
        result.stderr
    )
