"""The shipped figures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_carbon.intensity.data
from pytest_carbon.errors import SettingError
from pytest_carbon.intensity.location import HIGHEST_G_PER_KWH, LOWEST_G_PER_KWH
from pytest_carbon.intensity.mix import mix_intensity
from pytest_carbon.intensity.table import (
    _file,
    cloud_region,
    countries,
    country,
    country_mix,
    place,
    region_named,
)

SOURCE = "Ember and Energy Institute, via Our World in Data"
OWID_2025 = {
    "CHN": 525.34,
    "DEU": 329.65,
    "FRA": 41.44,
    "GBR": 217.41,
    "IND": 670.13,
    "SWE": 35.26,
    "USA": 384.4,
}


def test_every_country_has_a_figure_of_a_year_with_a_source() -> None:
    assert len(countries()) == 213
    for found in countries():
        assert LOWEST_G_PER_KWH <= found.g_per_kwh <= HIGHEST_G_PER_KWH
        assert 2000 <= found.year <= 2100
        assert found.source
        assert re.fullmatch("[A-Z]{3}", found.zone)
        assert re.fullmatch("[A-Z]{2}", found.grid)
    assert len({found.grid for found in countries()}) == 213


@pytest.mark.parametrize(("code", "g_per_kwh"), OWID_2025.items())
def test_published_figures_of_2025(code: str, g_per_kwh: float) -> None:
    found = place(code)
    assert (found.g_per_kwh, found.year, found.source) == (g_per_kwh, 2025, SOURCE)


def test_the_world_mean_needs_no_file() -> None:
    _file.cache_clear()
    found = place("World")
    assert (found.zone, found.g_per_kwh, found.year) == ("world", 458, 2025)
    assert _file.cache_info().currsize == 0


@pytest.mark.parametrize("code", ["FRA", "fra", "FR", "fr", " Fr "])
def test_a_country_by_either_code_in_either_case(code: str) -> None:
    assert place(code).zone == "FRA"


def test_states_and_provinces() -> None:
    # EPA eGRID2023: Virginia 539.78 lb/MWh, × 453.59237 g ÷ 1000 kWh
    assert place("US-VA").g_per_kwh == pytest.approx(244.8, abs=0.1)
    assert place("us-va").name == "Virginia"
    assert place("CN-SC").source == "MEE and NBS of China, CO2 only"
    # 0.2 gas, 0.3 oil, 0.7 biomass, 0.01 solar, 6.7 wind, 92.1 hydro: water power, not 3.94 g/kWh
    assert place("CA-QC").g_per_kwh == pytest.approx(2743.2 / 100.01, abs=0.05)


@pytest.mark.parametrize("name", ["California", "california", "CA", " ca "])
def test_a_region_of_a_country_by_name_or_code(name: str) -> None:
    found = region_named("US", name)
    assert found is not None
    assert found.zone == "US-CA"


def test_a_region_that_is_not_known_is_none() -> None:
    assert region_named("FR", "bretagne") is None
    assert region_named("US", "quebec") is None


@pytest.mark.parametrize(
    ("code", "g_per_kwh", "year"),
    [
        ("gcp:europe-west1", 126.43, 2025),
        ("GCP:US-East1", 579.44, 2025),
        ("aws:eu-west-3", 41.44, 2025),
        ("azure:chinanorth3", place("CN-HE").g_per_kwh, 2023),
        ("azure:usgovvirginia", place("US-VA").g_per_kwh, 2023),
        ("aws:us-east-1", place("US-VA").g_per_kwh, 2023),
        ("azure:westeurope", place("NLD").g_per_kwh, 2025),
        ("azure:West Europe", place("NLD").g_per_kwh, 2025),
    ],
)
def test_cloud_regions(code: str, g_per_kwh: float, year: int) -> None:
    found = place(code)
    assert (found.g_per_kwh, found.year) == (g_per_kwh, year)


def test_a_region_mapped_to_a_grid_says_which() -> None:
    found = place("aws:us-west-2")
    assert (found.zone, found.name) == ("aws:us-west-2", "Oregon (US-OR)")
    assert found.source == "EPA eGRID, direct emissions"


def test_every_region_of_every_cloud_has_a_figure() -> None:
    for provider in ("aws", "azure", "gcp"):
        for region in _file("clouds")[provider]:
            found = cloud_region(provider, region)
            assert found is not None
            assert LOWEST_G_PER_KWH <= found.g_per_kwh <= HIGHEST_G_PER_KWH


def test_every_mix_is_of_a_country_and_has_an_intensity() -> None:
    for code in _file("mixes")["zones"]:
        assert country(code) is not None
        mix = country_mix(code)
        assert mix is not None
        assert 10 < mix_intensity(mix[1]) < 830


def test_a_published_figure_and_its_mix_agree_in_order() -> None:
    """Ember's factors differ from the IPCC's, so the two are near and not equal."""
    for code in OWID_2025:
        mix = country_mix(code)
        assert mix is not None
        assert mix_intensity(mix[1]) == pytest.approx(place(code).g_per_kwh, rel=0.5)


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("Frnace", r"did you mean FRA \(France\)"),
        ("germany", r"did you mean DEU \(Germany\)"),
        ("UK", r"GBR \(United Kingdom\)"),
        ("FRX", r"did you mean"),
        ("eu-west-3", "did you mean aws:eu-west-3"),
        ("US-XX", "did you mean US-"),
        ("gcp:europe-west99", "did you mean gcp:europe-west9"),
        ("oracle:eu", "three-letter code such as FRA"),
        ("", "three-letter code such as FRA"),
        (":", "three-letter code such as FRA"),
        ("日本", "three-letter code such as FRA"),
    ],
)
def test_an_unknown_code_names_close_matches(code: str, match: str) -> None:
    with pytest.raises(SettingError, match=match):
        place(code)


def test_only_the_file_that_is_needed_is_read() -> None:
    script = (
        "import sys\n"
        "from pytest_carbon.intensity import location, table\n"
        "from pathlib import Path\n"
        "nowhere = Path('/nowhere')\n"
        "assert table._file.cache_info().currsize == 0\n"
        "location.resolve_intensity('FRA', environ={}, cwd=nowhere, home=nowhere)\n"
        "assert table._file.cache_info().currsize == 1\n"
        "heavy = {'requests', 'filelock', 'configparser', 'difflib', 'csv'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = Path(pytest_carbon.__file__).parent.parent
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.stderr == ""


def test_the_attribution_is_shipped_and_names_every_source() -> None:
    folder = Path(pytest_carbon.intensity.data.__file__).parent
    text = (folder / "ATTRIBUTION.md").read_text()
    for name in ("countries", "regions"):
        for key in _file(name)["sources"]:
            assert f"`{key}`" in text
    assert "CC BY 4.0" in text
