"""``pytest-carbon intensity [ZONE]``: which carbon intensity would be used here, and why."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.output import say
from pytest_carbon.errors import SettingError
from pytest_carbon.home import home_folder
from pytest_carbon.ini import ini_setting
from pytest_carbon.intensity.elsewhere import elsewhere
from pytest_carbon.intensity.embodied import parse_embodied
from pytest_carbon.intensity.location import resolve_intensity
from pytest_carbon.intensity.mix import FACTORS_SOURCE, mix_intensity, mix_shares
from pytest_carbon.intensity.pue import resolve_pue
from pytest_carbon.intensity.table import country_mix, mix_source, place
from pytest_carbon.record import NamedTuple
from pytest_carbon.units import JOULES_PER_KWH, emissions_g, format_emissions
from pytest_carbon.values import parse_look_ups, parse_zone, parsed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from pytest_carbon.intensity.embodied import Embodied
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.intensity.live.chain import LiveIntensity
    from pytest_carbon.intensity.pue import Pue

__all__ = ["add_parser", "run"]


ATTRIBUTION = (
    "Ember, Energy Institute and Our World in Data: CC BY 4.0; Google region-carbon-info: "
    "Apache-2.0; EPA eGRID: public domain; details in the package's "
    "intensity/data/ATTRIBUTION.md"
)


class _Found(NamedTuple):
    """All that the command prints."""

    intensity: Intensity
    name: str
    pue: Pue
    mix: dict[str, float] | None
    mix_year: int
    live: LiveIntensity | None
    embodied: Embodied | None
    stored: tuple[Intensity, ...]
    failures: tuple[str, ...]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``intensity``."""
    parser = subparsers.add_parser(
        "intensity",
        help="show which carbon intensity would be used here, and why",
        description="Show which carbon intensity would be used here, and why.",
    )
    parser.add_argument(
        "zone",
        nargs="?",
        metavar="ZONE",
        help="instead of this project's: FRA, US-VA, gcp:europe-west1, world, or g/kWh",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="also ask Electricity Maps (token in ELECTRICITYMAPS_API_TOKEN) and the UK's API",
    )
    parser.add_argument(
        "--locate",
        metavar="NAMES",
        help="ask the network where this machine is: metadata, geoip, comma separated",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the pinned intensity, its reason, and the same kWh elsewhere.

    Raises ``SettingError`` for a setting or an argument that cannot be used.
    """
    found = _find(args, os.environ, Path.cwd(), home_folder())
    if args.json:
        sys.stdout.write(_as_json(found))
        return 0
    for line in _as_text(found).splitlines():
        say(line)
    return 0


def _setting(name: str, environ: Mapping[str, str], cwd: Path) -> tuple[str, str] | None:
    variable = f"PYTEST_{name.upper()}"
    if environ.get(variable):
        return environ[variable], variable
    found = ini_setting(name, cwd)
    return None if found is None else (found[0], f"{name} in {found[1]}")


def _find(args: argparse.Namespace, environ: Mapping[str, str], cwd: Path, home: Path) -> _Found:
    def setting(name: str) -> str | None:
        return (_setting(name, environ, cwd) or (None,))[0]

    given = (args.zone, "the argument") if args.zone else _setting("carbon_intensity", environ, cwd)
    text, where = given or (None, "")
    names = args.locate or setting("carbon_locate")
    failures: tuple[str, ...] = ()
    if names:
        from pytest_carbon.intensity.live.look_up import look_up

        intensity, failures = look_up(
            parsed("carbon_locate", names, parse_look_ups),
            text,
            environ=environ,
            cwd=cwd,
            home=home,
        )
    else:
        intensity = resolve_intensity(text, environ=environ, cwd=cwd, home=home)
    name, mix = "", None
    try:
        known = place(intensity.zone)
    except SettingError:
        # A figure of the user's own has no place.
        pass
    else:
        name, mix = known.name, country_mix(known.zone)
    live = None
    if args.live:
        from pytest_carbon.intensity.live.chain import ask_live

        zone = setting("carbon_live_zone")
        live = ask_live(
            intensity,
            environ=environ,
            home=home,
            zone=None if zone is None else parsed("carbon_live_zone", zone, parse_zone),
        )
    return _Found(
        intensity=_explained(intensity, where),
        name=name,
        pue=resolve_pue(setting("carbon_pue"), environ=environ, cwd=cwd, home=home),
        embodied=parse_embodied(setting("carbon_embodied")),
        stored=() if given else _stored(cwd / (setting("carbon_baselines") or "baselines")),
        failures=failures,
        mix=mix_shares(mix[1]) if mix else None,
        mix_year=mix[0] if mix else 0,
        live=live,
    )


def _stored(folder: Path) -> tuple[Intensity, ...]:
    """The intensities that baselines are pinned at, each once."""
    files = BaselineStore(folder).survey().files if os.path.isdir(folder) else ()  # noqa: PTH112 - no error
    return tuple(dict.fromkeys(file.intensity for _, file in files))


def _explained(intensity: Intensity, where: str) -> Intensity:

    return intensity._replace(reason=f"{intensity.reason}, from {where}") if where else intensity


def _as_text(found: _Found) -> str:
    i = found.intensity
    rows = [
        ("intensity", f"{i.g_per_kwh:g} gCO2e/kWh (pinned: gates and budgets use this one)"),
        ("place", f"{found.name} ({i.zone})" if found.name else i.zone),
        ("source", f"{i.source}, {i.period}"),
        ("because", i.reason),
        *(("", f"{line} (a look-up that failed)") for line in found.failures),
        *(
            ("stored", f"{s.g_per_kwh:g} gCO2e/kWh, {s.zone}: baselines with it keep it")
            for s in found.stored
        ),
        ("PUE", f"{found.pue.factor:g} ({found.pue.reason})"),
        ("embodied", _embodied(found.embodied)),
    ]
    if found.mix is not None:
        shares = sorted(found.mix.items(), key=lambda item: -item[1])
        parts = ", ".join(f"{fuel} {100 * share:.1f} %" for fuel, share in shares)
        mean = f"{mix_intensity(found.mix):.0f} g/kWh by {FACTORS_SOURCE}"
        rows.append(("mix", f"{parts} ({mix_source()}, {found.mix_year}; {mean})"))
    rows += _live_rows(found.live)
    lines = [f"{key:<10} {text}" for key, text in rows]
    lines += ["", "1 kWh of computing would emit"]
    lines += [f"  {format_emissions(grams):>8}  {where}" for where, grams in _places(found).items()]
    return "\n".join([*lines, "", f"Figures: {ATTRIBUTION}.", ""])


def _embodied(part: Embodied | None) -> str:
    if part is None:
        return "not set, so reports show the operational part of the SCI score"
    return f"{format_emissions(part.grams(3600))} CO2e an hour ({part.source})"


def _live_rows(live: LiveIntensity | None) -> list[tuple[str, str]]:
    if live is None:
        return []
    i = live.intensity
    answer = f"{i.g_per_kwh:g} gCO2e/kWh, {i.source}, {i.period} (for reports only)"
    rows = [("live", answer if live.live else "none; reports use the pinned figure")]
    return rows + [("", line) for line in live.failures]


def _places(found: _Found) -> dict[str, float]:
    there = elsewhere(JOULES_PER_KWH * found.pue.factor)
    here = emissions_g(JOULES_PER_KWH * found.pue.factor, found.intensity.g_per_kwh)
    places = {f"here ({found.intensity.zone})": here}
    for item in there.largest:
        places[f"{item.place.name}, {item.place.year} (one of the ten largest grids)"] = item.grams
    for label, item in there.extremes:
        places[f"{item.place.name}, {item.place.year} ({label} of all)"] = item.grams
    return places


def _as_json(found: _Found) -> str:
    there = elsewhere(JOULES_PER_KWH * found.pue.factor)
    content: dict[str, Any] = {
        "intensity": found.intensity._asdict(),
        "name": found.name,
        "pue": found.pue._asdict(),
        "mix": found.mix,
        "mix_year": found.mix_year or None,
        "embodied": None if found.embodied is None else found.embodied._asdict(),
        "stored": [intensity._asdict() for intensity in found.stored],
        "failures": found.failures,
        "live": None if found.live is None else asdict(found.live),
        "elsewhere_g_per_kwh": {
            "largest": {item.place.zone: item.grams for item in there.largest},
            **{label: {item.place.zone: item.grams} for label, item in there.extremes},
        },
        "attribution": ATTRIBUTION,
    }
    return json.dumps(content, indent=2) + "\n"
