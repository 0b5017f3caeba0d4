"""Which carbon intensity holds here, and why: the pinned one, found without any network.

Precedence: the setting, codecarbon's settings, a CI system or cloud that names itself in the
environment, and the world mean. A place is never guessed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.intensity.codecarbon import codecarbon_settings
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.table import (
    cloud_region,
    country,
    place,
    region_named,
    remedy_for,
    world,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pytest_carbon.intensity.codecarbon import Given
    from pytest_carbon.intensity.table import Place

__all__ = [
    "HIGHEST_G_PER_KWH",
    "LOOK_UPS",
    "LOWEST_G_PER_KWH",
    "OWN_ZONE",
    "intensity_of",
    "resolve_intensity",
]

LOWEST_G_PER_KWH = 1.0
"""No grid is below this: the cleanest source's lifecycle is 11 g/kWh (IPCC AR5, wind)."""

HIGHEST_G_PER_KWH = 3000.0
"""No grid is above this: coal's lifecycle is 820 g/kWh, the dirtiest country's grid 1306."""

OWN_ZONE = "custom"
"""The zone of a figure that the user gave, which is of no known place."""

LOOK_UPS = ("metadata", "geoip")
"""Look-ups of the place that use the network, each only where it is asked for by name."""

CLOUD_VARIABLES = (
    ("AWS_REGION", "aws"),
    ("AWS_DEFAULT_REGION", "aws"),
    ("GOOGLE_CLOUD_REGION", "gcp"),
    ("CLOUDSDK_COMPUTE_REGION", "gcp"),
    ("REGION_NAME", "azure"),
)
"""Environment variables in which a cloud's services, or its tools, name the region."""


def resolve_intensity(
    setting: str | None,
    *,
    environ: Mapping[str, str],
    cwd: Path,
    home: Path,
    ask: Callable[[Intensity], Intensity] | None = None,
) -> Intensity:
    """The pinned intensity of a run; its ``reason`` says what was taken and why.

    ``setting`` is a number of g/kWh, a country (``FRA``, ``FR``), a state or province (``US-VA``),
    a cloud region (``gcp:europe-west1``) or ``world``; ``environ`` the environment's variables,
    ``cwd`` and ``home`` the folders in which ``.codecarbon.config`` may lie. Where neither says
    the place, ``ask`` may find a better figure than the one it is given. Raises
    ``SettingError`` for a setting, of ours or of codecarbon's, that cannot be used; what a cloud
    or CI system says and is not known only shows in the reason.
    """
    if setting is not None and setting.strip():
        return _from_setting(setting.strip())
    settings = codecarbon_settings(environ, cwd, home)
    given = _from_codecarbon(settings)
    if given is not None:
        return given
    found = _from_environment(environ)
    if ask is not None:
        found = ask(found)
    return found._replace(reason="; ".join([found.reason, *_incomplete(settings)]))


def intensity_of(found: Place, reason: str) -> Intensity:
    """A place's published figure, taken for ``reason``."""
    return Intensity(
        g_per_kwh=found.g_per_kwh,
        zone=found.zone,
        source=found.source,
        period=str(found.year),
        reason=reason,
    )


def _from_setting(text: str) -> Intensity:
    number = _number(text)
    if number is not None:
        return _own_figure(number, f"carbon_intensity={text}")
    try:
        return intensity_of(place(text), f"carbon_intensity={text}")
    except SettingError as error:
        raise SettingError(
            f"carbon_intensity={text}: {error.problem}", remedy=error.remedy
        ) from None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _own_figure(g_per_kwh: float, where: str) -> Intensity:
    if not math.isfinite(g_per_kwh) or not LOWEST_G_PER_KWH <= g_per_kwh <= HIGHEST_G_PER_KWH:
        hint = "give gCO2e per kWh, such as 41 (France) or 458 (the world)"
        if LOWEST_G_PER_KWH <= g_per_kwh * 1000 <= HIGHEST_G_PER_KWH:
            hint = f"it looks like kg per kWh: write {g_per_kwh * 1000:g}"
        bounds = f"{LOWEST_G_PER_KWH:g} to {HIGHEST_G_PER_KWH:g} g/kWh"
        raise SettingError(f"{where} is not within {bounds}", remedy=hint)
    return Intensity(
        g_per_kwh=g_per_kwh, zone=OWN_ZONE, source="your setting", period="as set", reason=where
    )


def _from_codecarbon(given: Mapping[str, Given]) -> Intensity | None:
    if "force_carbon_intensity_g_co2e_kwh" in given:
        value, where = given["force_carbon_intensity_g_co2e_kwh"]
        number = _number(value)
        if number is None:
            raise SettingError(f"{where}={value} is not a number", remedy="write it like 475")
        return _own_figure(number, f"codecarbon's {where}={value}")
    if "cloud_provider" in given and "cloud_region" in given:
        return _codecarbon_cloud(given["cloud_provider"], given["cloud_region"])
    if "country_iso_code" not in given:
        return None
    value, where = given["country_iso_code"]
    found = country(value)
    if found is None:
        raise SettingError(
            f"{where}={value} is no country with a known intensity", remedy=remedy_for(value)
        )
    reason = f"codecarbon's {where}={value}"
    if "region" in given:
        name, region_where = given["region"]
        part = region_named(found.grid, name)
        if part is not None:
            return intensity_of(part, f"{reason} and {region_where}={name}")
        reason += f"; no figure is shipped for its region {name!r}"
    return intensity_of(found, reason)


def _incomplete(given: Mapping[str, Given]) -> Iterator[str]:
    """What codecarbon's settings say of a place, where another one that it needs is missing."""
    needs = (
        ("region", "country_iso_code"),
        ("cloud_region", "cloud_provider"),
        ("cloud_provider", "cloud_region"),
    )
    for name, other in needs:
        if name in given and other not in given:
            value, where = given[name]
            yield f"codecarbon's {where}={value} counts only with {other}"


def _codecarbon_cloud(provider: Given, region: Given) -> Intensity:
    found = cloud_region(provider.value, region.value)
    if found is None:
        raise SettingError(
            f"codecarbon's {provider.where}={provider.value} and {region.where}={region.value} "
            "are no known cloud region",
            remedy="use a provider of aws, azure, gcp and one of its regions, such as eu-west-3",
        )
    return intensity_of(found, f"codecarbon's {region.where}={region.value}")


def _from_environment(environ: Mapping[str, str]) -> Intensity:
    # A hosted CI system comes first: a job there often sets AWS_REGION for what it deploys to.
    if environ.get("RUNNER_ENVIRONMENT") == "github-hosted" and environ.get("GITHUB_ACTIONS"):
        return _usa("GitHub-hosted runner (RUNNER_ENVIRONMENT), which names no region: the USA")
    # GitLab.com's hosted runners bear the tag saas-... and run in Google's us-east regions.
    if environ.get("GITLAB_CI") and "saas-" in environ.get("CI_RUNNER_TAGS", ""):
        return _usa("GitLab-hosted runner (CI_RUNNER_TAGS), which names no region: the USA")
    unknown = []
    for variable, provider in CLOUD_VARIABLES:
        region = environ.get(variable, "").strip()
        if not region:
            continue
        found = cloud_region(provider, region)
        if found is not None:
            return intensity_of(found, f"{variable}={region}")
        unknown.append(f"{variable}={region}")
    reason = "default: no place is set or named by the environment"
    if unknown:
        reason = f"default: {' and '.join(unknown)} is no known region"
    return intensity_of(world(), reason)


def _usa(reason: str) -> Intensity:
    found = country("USA")
    assert found is not None, "the USA have a figure"
    return intensity_of(found, reason)
