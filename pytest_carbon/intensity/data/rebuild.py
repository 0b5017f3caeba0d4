"""Rebuild the shipped figures from files that their publishers offer; no network is used.

Download the inputs, then run, with any of these options::

    python -m pytest_carbon.intensity.data.rebuild \
        --owid owid-energy-data.csv \
        --codecarbon codecarbon/data \
        --google 2025.csv --google-year 2025

``owid-energy-data.csv`` is Our World in Data's energy table (repository owid/energy-data), or an
extract with its columns of carbon intensity and electricity by source;
``codecarbon/data`` is the folder of that name in codecarbon's wheel, which holds an older copy of
the same table, and states and provinces; ``2025.csv`` is a file of Google's repository
region-carbon-info. The newest figure of each place wins. ISO codes and names, and the AWS and
Azure regions, are kept from the files that are already there.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_carbon.intensity.mix import mix_intensity
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["main"]

FOLDER = Path(__file__).parent

OTHERS = "other_renewable_exc_biofuel"

FUELS = {
    "coal": "coal",
    "gas": "gas",
    "oil": "oil",
    "biomass": "biofuel",
    "solar": "solar",
    "geothermal": OTHERS,
    "hydro": "hydro",
    "nuclear": "nuclear",
    "wind": "wind",
}
"""Our names of energy sources, and the stems of Our World in Data's columns."""

G_PER_LB_PER_MWH = 453.59237 / 1000
"""Grams per kWh in one pound per MWh (the international pound)."""

PROVINCES = {
    "alberta": "CA-AB",
    "british columbia": "CA-BC",
    "manitoba": "CA-MB",
    "new brunswick": "CA-NB",
    "newfoundland and labrador": "CA-NL",
    "northwest territories": "CA-NT",
    "nova scotia": "CA-NS",
    "nunavut": "CA-NU",
    "ontario": "CA-ON",
    "prince edward island": "CA-PE",
    "quebec": "CA-QC",
    "saskatchewan": "CA-SK",
    "yukon": "CA-YT",
}


class Figure(NamedTuple):
    """A country's year: intensity in g/kWh as published, and its mix in TWh by energy source."""

    code: str
    year: int
    g_per_kwh: float
    mix_twh: dict[str, float]


def from_owid(path: Path) -> Iterator[Figure]:
    """Every country and year of ``owid-energy-data.csv`` that has an intensity."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            code, published = row["iso_code"], row["carbon_intensity_elec"]
            if len(code) == 3 and published:
                amounts = {fuel: _owid_twh(row, stem) for fuel, stem in FUELS.items()}
                # The table holds single-precision numbers.
                yield Figure(code, int(row["year"]), round(float(published), 2), amounts)


def _owid_twh(row: dict[str, str], stem: str) -> float:
    if stem == OTHERS and f"{OTHERS}_electricity" not in row:
        # An extract with the sum of all other renewables, biomass among them.
        both, biomass = row["other_renewable_electricity"], row["biofuel_electricity"]
        return round(max(0.0, float(both or 0) - float(biomass or 0)), 2)
    return float(row[f"{stem}_electricity"] or 0)


def from_codecarbon(folder: Path) -> Iterator[Figure]:
    """The countries of codecarbon's copy of Our World in Data's table, one year each."""
    stems = FUELS | {"hydro": "hydroelectricity"}
    table = _read(folder / "private_infra" / "global_energy_mix.json")
    for code, row in table.items():
        amounts = {fuel: float(row[f"{stem}_TWh"]) for fuel, stem in stems.items()}
        yield Figure(code, int(row["year"]), float(row["carbon_intensity"]), amounts)


def rebuild_countries(figures: list[Figure]) -> None:
    """Write ``countries.json`` and ``mixes.json``: the newest figure of each country."""
    countries, mixes = _read(FOLDER / "countries.json"), _read(FOLDER / "mixes.json")
    strangers = {figure.code for figure in figures} - countries["zones"].keys()
    if strangers:
        sys.exit(f"no two-letter code is known for {sorted(strangers)}: add them to countries.json")
    for figure in sorted(figures, key=lambda figure: figure.year):
        code, year, g_per_kwh, mix_twh = figure
        generated = sum(mix_twh.values()) > 0
        source = "owid"
        if not g_per_kwh and generated:
            # Published as 0 for a grid of water power only; its lifecycle is not 0.
            g_per_kwh, source = round(mix_intensity(mix_twh), 1), "mix"
        row = countries["zones"][code]
        if g_per_kwh and (year >= row[3] or not row[2]):
            row[2:] = [g_per_kwh, year, source]
        if generated and year >= mixes["zones"].get(code, [0])[0]:
            mixes["zones"][code] = [year, *(round(mix_twh[fuel], 2) for fuel in FUELS)]
    mixes["fuels"] = list(FUELS)
    _write(FOLDER / "countries.json", countries)
    _write(FOLDER / "mixes.json", mixes)


def rebuild_regions(folder: Path) -> None:
    """Write ``regions.json``: states of the USA, provinces of Canada and China."""
    published = folder / "private_infra" / "2023"
    states = _read(published / "usa_emissions.json")
    year = states.pop("_source")["year"]
    zones = {
        f"US-{row['regionCode']}": [
            name.title().replace(" Of ", " of "),
            round(row["emissions"] * G_PER_LB_PER_MWH, 1),
            year,
            "egrid",
        ]
        for name, row in states.items()
        if len(row.get("regionCode", "")) == 2 and name != "usa"
    }
    stems = {"gas": "naturalGas", "oil": "petroleum", "geothermal": "tidal"}
    for name, row in _read(published / "canada_energy_mix.json").items():
        mix = {fuel: row[stems.get(fuel, fuel)] for fuel in FUELS if stems.get(fuel, fuel) in row}
        zones[PROVINCES[name]] = [
            name.title().replace(" And ", " and "),
            round(mix_intensity(mix), 1),
            2023,
            "mix",
        ]
    for code, row in _read(published / "china_provincial_emissions.json")["data"].items():
        zones[code] = [row["description"], row["emission_factor"], row["year"], "mee"]
    regions = _read(FOLDER / "regions.json")
    regions["zones"] = zones
    _write(FOLDER / "regions.json", regions)


def rebuild_google(path: Path, year: int) -> None:
    """Replace Google's regions in ``clouds.json``; a new region needs its country by hand."""
    clouds = _read(FOLDER / "clouds.json")
    with path.open(encoding="utf-8", newline="") as lines:
        for region, place, _, g_per_kwh in list(csv.reader(lines))[1:]:
            if place == "N/A":
                continue
            if region not in clouds["gcp"]:
                sys.exit(f"the country of {region} ({place}) is not known: add it to clouds.json")
            clouds["gcp"][region] = [place, clouds["gcp"][region][1], float(g_per_kwh), year]
    _write(FOLDER / "clouds.json", clouds)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, table: dict[str, Any]) -> None:
    """Write ``table`` with one line a place, so that a change of figures is a readable diff."""
    parts = []
    for key, value in table.items():
        if not isinstance(value, dict):
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
            continue
        rows = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(value[name], ensure_ascii=False)}"
            for name in sorted(value)
        )
        parts.append(f"{json.dumps(key)}: {{\n{rows}\n}}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")


def main(argv: Sequence[str] | None = None) -> None:
    """Rebuild what the given inputs cover."""
    parser = argparse.ArgumentParser(description="Rebuild the shipped carbon intensities.")
    parser.add_argument("--owid", type=Path, metavar="CSV")
    parser.add_argument("--codecarbon", type=Path, metavar="FOLDER")
    parser.add_argument("--google", type=Path, metavar="CSV")
    parser.add_argument("--google-year", type=int, metavar="YEAR")
    args = parser.parse_args(argv)
    sources: tuple[tuple[Path | None, Callable[[Path], Iterator[Figure]]], ...] = (
        (args.codecarbon, from_codecarbon),
        (args.owid, from_owid),
    )
    figures = [figure for path, read in sources if path for figure in read(path)]
    if figures:
        rebuild_countries(figures)
    if args.codecarbon:
        rebuild_regions(args.codecarbon)
    if args.google:
        if not args.google_year:
            parser.error("--google needs --google-year: the year that the file is of")
        rebuild_google(args.google, args.google_year)


if __name__ == "__main__":
    main()
