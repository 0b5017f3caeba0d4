"""The script that rebuilds the shipped figures, on small files of the publishers' forms."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pytest_carbon.intensity.data import rebuild

FOLDER = Path(rebuild.__file__).parent
STEMS = [
    "biofuel",
    "coal",
    "gas",
    "hydro",
    "nuclear",
    "oil",
    "other_renewable_exc_biofuel",
    "solar",
    "wind",
]
OWID_HEADER = ",".join(
    ["country", "year", "iso_code", "carbon_intensity_elec", *(f"{s}_electricity" for s in STEMS)]
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped files, which is rebuilt in place of them."""
    copy = tmp_path / "data"
    copy.mkdir()
    for path in FOLDER.glob("*.json"):
        shutil.copy(path, copy)
    monkeypatch.setattr(rebuild, "FOLDER", copy)
    return copy


def table(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


def owid(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "owid.csv"
    path.write_text("\n".join([OWID_HEADER, *rows]) + "\n")
    return str(path)


def test_a_newer_year_replaces_the_figure_and_the_mix(folder: Path, tmp_path: Path) -> None:
    path = owid(
        tmp_path,
        "France,2025,FRA,41.5,9,1,20,60,370,2,0.5,30,50",
        "France,2024,FRA,44.2,9,1,21,60,360,2,0.5,25,48",
        "ASEAN (Ember),2025,,565,1,2,3,4,5,6,7,8,9",
        "France,1900,FRA,,,,,,,,,,",
    )
    rebuild.main(["--owid", path])
    assert table(folder, "countries")["zones"]["FRA"] == ["FR", "France", 41.5, 2025, "owid"]
    mixes = table(folder, "mixes")
    assert dict(zip(mixes["fuels"], mixes["zones"]["FRA"][1:], strict=True)) == {
        "coal": 1,
        "gas": 20,
        "oil": 2,
        "biomass": 9,
        "solar": 30,
        "geothermal": 0.5,
        "hydro": 60,
        "nuclear": 370,
        "wind": 50,
    }


def test_an_older_year_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = table(folder, "countries")
    rebuild.main(["--owid", owid(tmp_path, "France,2001,FRA,60,0,0,0,1,0,0,0,0,0")])
    assert table(folder, "countries") == before


def test_a_published_zero_is_replaced_by_the_mix(folder: Path, tmp_path: Path) -> None:
    rebuild.main(["--owid", owid(tmp_path, "Bhutan,2025,BTN,0.0,0,0,0,10,0,0,0,0,0")])
    # The grid is water power, whose lifecycle factor is 24.
    assert table(folder, "countries")["zones"]["BTN"] == ["BT", "Bhutan", 24.0, 2025, "mix"]


def test_an_extract_with_the_sum_of_other_renewables(folder: Path, tmp_path: Path) -> None:
    header = OWID_HEADER.replace("other_renewable_exc_biofuel", "other_renewable")
    path = tmp_path / "extract.csv"
    path.write_text(f"{header}\nIceland,2026,ISL,27.5,0.5,0,0,13,0,0,6.5,0,0\n")
    rebuild.main(["--owid", str(path)])
    mixes = table(folder, "mixes")
    mix = dict(zip(mixes["fuels"], mixes["zones"]["ISL"][1:], strict=True))
    assert (mix["biomass"], mix["geothermal"], mix["hydro"]) == (0.5, 6.0, 13)


def test_a_country_without_codes_is_named(folder: Path, tmp_path: Path) -> None:
    before = table(folder, "countries")
    with pytest.raises(SystemExit, match="no two-letter code is known for"):
        rebuild.main(["--owid", owid(tmp_path, "Atlantis,2025,ATL,1,1,0,0,0,0,0,0,0,0")])
    assert table(folder, "countries") == before


def test_googles_table(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "2026.csv"
    path.write_text(
        "Google Cloud Region,Location,Google CFE,Grid carbon intensity (gCO2eq / kWh)\n"
        "europe-west1,Belgium,0.9,99.5\n"
        "europe-west5,N/A,0.7,275.81\n"
    )
    rebuild.main(["--google", str(path), "--google-year", "2026"])
    regions = table(folder, "clouds")["gcp"]
    assert regions["europe-west1"] == ["Belgium", "BEL", 99.5, 2026]
    assert "europe-west5" not in regions


def test_a_region_of_unknown_country_is_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "2026.csv"
    path.write_text("Region,Location,CFE,g\nmoon-east1,Tycho,1,5\n")
    before = table(folder, "clouds")
    with pytest.raises(SystemExit, match="moon-east1"):
        rebuild.main(["--google", str(path), "--google-year", "2026"])
    assert table(folder, "clouds") == before


def test_googles_table_needs_its_year(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        rebuild.main(["--google", str(tmp_path / "x.csv")])
    assert "needs --google-year" in capsys.readouterr().err
    assert table(folder, "clouds")


def test_codecarbons_folder(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "private_infra"
    (data / "2023").mkdir(parents=True)
    row = dict.fromkeys((f"{stem}_TWh" for stem in STEMS), 0.0) | {"hydroelectricity_TWh": 60.0}
    mix = {"FRA": row | {"year": 2030, "carbon_intensity": 40.0}}
    states = {"_unit": {}, "_source": {"year": 2031}, "usa": {"regionCode": "US", "emissions": 1}}
    states["new york"] = {"regionCode": "NY", "emissions": 1000.0}
    provinces = {"quebec": {"hydro": 90.0, "wind": 10.0, "total": 100.0, "other": 0.0}}
    china = {"data": {"CN-BJ": {"description": "Beijing", "emission_factor": 555.4, "year": 2023}}}
    for name, content in (
        ("global_energy_mix.json", mix),
        ("2023/usa_emissions.json", states),
        ("2023/canada_energy_mix.json", provinces),
        ("2023/china_provincial_emissions.json", china),
    ):
        (data / name).write_text(json.dumps(content))
    rebuild.main(["--codecarbon", str(tmp_path)])
    assert table(folder, "countries")["zones"]["FRA"][2:] == [40.0, 2030, "owid"]
    assert table(folder, "regions")["zones"] == {
        "CA-QC": ["Quebec", 22.7, 2023, "mix"],  # 0.9 × 24 + 0.1 × 11
        "CN-BJ": ["Beijing", 555.4, 2023, "mee"],
        "US-NY": ["New York", 453.6, 2031, "egrid"],
    }


def test_rebuilding_from_nothing_leaves_the_files_as_they_are(folder: Path) -> None:
    rebuild.rebuild_countries([])
    for name in ("countries", "mixes"):
        assert (folder / f"{name}.json").read_bytes() == (FOLDER / f"{name}.json").read_bytes()
