"""The shipped figures: one carbon intensity a country, state, province or cloud region.

A file is read when the first figure of its kind is asked for; the world mean needs none.
"""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from typing import Any

from pytest_carbon.errors import SettingError
from pytest_carbon.record import NamedTuple

__all__ = [
    "WORLD_G_PER_KWH",
    "Place",
    "cloud_region",
    "countries",
    "country",
    "country_mix",
    "mix_source",
    "place",
    "region_named",
    "remedy_for",
    "world",
]

WORLD_G_PER_KWH = 458.0
"""World mean of electricity generation, lifecycle gCO2e/kWh (Ember via Our World in Data, 2025;
CC BY 4.0)."""

CLOUDS = ("aws", "azure", "gcp")


class Place(NamedTuple):
    """A place with its published carbon intensity.

    ``zone`` is ``world``, an ISO 3166-1 alpha-3 code, an ISO 3166-2 code (``US-VA``) or a cloud
    region (``gcp:us-east1``); ``grid`` is the alpha-2 code of the country it lies in, or the ISO
    3166-2 code of the state or province where that is known, and empty for the world.
    """

    zone: str
    name: str
    g_per_kwh: float
    year: int
    source: str
    grid: str


@cache
def _file(name: str) -> dict[str, Any]:
    data = pkgutil.get_data("pytest_carbon.intensity.data", f"{name}.json")
    assert data is not None, f"{name}.json is part of the package"
    table: dict[str, Any] = json.loads(data)
    return table


@cache
def _alpha3_by_alpha2() -> dict[str, str]:
    return {row[0]: code for code, row in _file("countries")["zones"].items()}


# No name of a place is longer; comparing takes the square of it.
_LONGEST_CODE = 60


def world() -> Place:
    """The world mean."""
    source = "Ember via Our World in Data"
    return Place("world", "the world", WORLD_G_PER_KWH, 2025, source, "")


def countries() -> tuple[Place, ...]:
    """Every country that has a figure, sorted by code."""
    return tuple(_country(code) for code in _file("countries")["zones"])


def _country(code: str) -> Place:
    table = _file("countries")
    alpha2, name, g_per_kwh, year, source = table["zones"][code]
    return Place(code, name, g_per_kwh, year, table["sources"][source], alpha2)


def country(code: str) -> Place | None:
    """The country of an alpha-3 or alpha-2 code in either case, ``None`` where it has no figure."""
    code = code.upper()
    code = _alpha3_by_alpha2().get(code, code)
    return _country(code) if code in _file("countries")["zones"] else None


def country_mix(code: str) -> tuple[int, dict[str, float]] | None:
    """A country's year and electricity generation in TWh by energy source, if it is known."""
    table = _file("mixes")
    row = table["zones"].get(code)
    if row is None:
        return None
    return row[0], {
        fuel: amount for fuel, amount in zip(table["fuels"], row[1:], strict=True) if amount
    }


def mix_source() -> str:
    """Who published the energy mixes."""
    return str(_file("mixes")["source"])


def _region(code: str) -> Place | None:
    table = _file("regions")
    row = table["zones"].get(code.upper())
    if row is None:
        return None
    name, g_per_kwh, year, source = row
    return Place(code.upper(), name, g_per_kwh, year, table["sources"][source], code.upper())


def region_named(country_code: str, name: str) -> Place | None:
    """The state or province called ``name``, or coded so (``VA``), in an alpha-2 country."""
    wanted = name.strip().casefold()
    for code, row in _file("regions")["zones"].items():
        if code.startswith(country_code) and wanted in {row[0].casefold(), code[3:].casefold()}:
            return _region(code)
    return None


def cloud_region(provider: str, region: str) -> Place | None:
    """The place of a cloud provider's region: its own figure, or that of the grid it lies in.

    ``provider`` is ``aws``, ``azure`` or ``gcp``. ``None`` where the region is not known.
    """
    provider = provider.lower()
    # Azure writes "West Europe" in some places and "westeurope" in others.
    region = region.strip().lower().replace(" ", "" if provider == "azure" else " ")
    table = _file("clouds")
    row = table[provider].get(region) if provider in CLOUDS else None
    if row is None:
        return None
    zone = f"{provider}:{region}"
    name, lies_in, *figure = row
    if figure:
        g_per_kwh, year = figure
        return Place(zone, name, g_per_kwh, year, table["source"], _country(lies_in).grid)
    grid = place(lies_in)
    return grid._replace(zone=zone, name=f"{name} ({grid.zone})")


def place(code: str) -> Place:
    """The place of a code: ``world``, ``FRA``, ``fr``, ``US-VA``, ``gcp:europe-west1``.

    Raises ``SettingError`` naming close matches for a code that has no figure.
    """
    text = code.strip()
    if text.casefold() == "world":
        return world()
    provider, colon, region = text.partition(":")
    found = cloud_region(provider, region) if colon else country(text) or _region(text)
    if found is None:
        raise SettingError(f"{code!r} is no place with a known intensity", remedy=remedy_for(text))
    return found


def remedy_for(text: str) -> str:
    """What to write instead of a code that has no figure: close matches, if there are any."""
    import difflib

    names = {"world": "world", "UK": "GBR (United Kingdom)"}
    for code, row in _file("countries")["zones"].items():
        names |= {code: f"{code} ({row[1]})", row[1]: f"{code} ({row[1]})"}
    for code, row in _file("regions")["zones"].items():
        names |= {code: f"{code} ({row[0]})", row[0]: f"{code} ({row[0]})"}
    for provider in CLOUDS:
        for region, row in _file("clouds")[provider].items():
            code = f"{provider}:{region}"
            names |= {code: code, region: code, row[0]: f"{code} ({row[0]})"}
    folded = {name.casefold(): label for name, label in names.items()}
    close = difflib.get_close_matches(text[:_LONGEST_CODE].casefold(), folded, n=6, cutoff=0.6)
    labels = list(dict.fromkeys(folded[name] for name in close))[:3]
    general = "use a three-letter code such as FRA, a region such as aws:eu-west-3, or world"
    return f"did you mean {' or '.join(labels)}? Otherwise {general}" if labels else general
