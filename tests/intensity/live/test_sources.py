"""Which sources there are, third parties' among them, and what is asked for which place."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.chain import ask_in_turn, ask_live, live_zone
from pytest_carbon.intensity.live.sources import GROUP, live_sources
from pytest_carbon.intensity.location import resolve_intensity

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity

THIRD_PARTY = """
from pytest_carbon.intensity.intensity import Intensity

class Roof:
    name = "roof"

    def fetch(self, zone):
        return Intensity(g_per_kwh=45, zone=zone, source="the roof", period="now", reason="sun")

class Broken(Roof):
    def fetch(self, zone):
        raise KeyError("sent with s3cr3t")

class Absurd(Roof):
    def fetch(self, zone):
        return Intensity(g_per_kwh=-45, zone=zone, source="the roof", period="now", reason="sun")

def fails():
    raise RuntimeError("s3cr3t")
"""


@pytest.fixture
def point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a third party's module."""
    (tmp_path / "third_party_roof.py").write_text(THIRD_PARTY)
    monkeypatch.syspath_prepend(tmp_path)
    return "third_party_roof"


def names(environ: dict[str, str], folder: Path, points: list[EntryPoint]) -> list[str]:
    return [source.name for source in live_sources(environ, folder, points)[0]]


def test_electricity_maps_needs_a_token_and_great_britain_comes_last(
    tmp_path: Path, point: str
) -> None:
    roof = EntryPoint("roof", f"{point}:Roof", GROUP)
    token = {"ELECTRICITYMAPS_API_TOKEN": "x"}
    assert names({}, tmp_path, []) == ["uk-carbon-intensity"]
    assert names(token, tmp_path, [roof]) == ["electricity-maps", "roof", "uk-carbon-intensity"]


def test_a_third_party_answers(tmp_path: Path, point: str, pinned: Intensity) -> None:
    sources, problems = live_sources({}, tmp_path, [EntryPoint("roof", f"{point}:Roof", GROUP)])
    answer = ask_in_turn(sources, "FR", pinned)
    assert problems == ()
    assert answer.intensity.source == "the roof"
    assert answer.live


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("Broken", "roof: it raised KeyError"),
        ("Absurd", "roof: an intensity of -45 g/kWh is absurd"),
    ],
)
def test_a_third_partys_fault_is_named_without_its_text(
    tmp_path: Path, point: str, pinned: Intensity, made: str, said: str
) -> None:
    sources, _ = live_sources({}, tmp_path, [EntryPoint("roof", f"{point}:{made}", GROUP)])
    answer = ask_in_turn(sources, "FR", pinned)
    assert answer.intensity is pinned
    assert answer.failures[0].startswith(said)
    assert "s3cr3t" not in str(answer.failures)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{}:fails", "raised RuntimeError"),
        ("{}:missing", "raised AttributeError"),
        ("no_such_module_of_anyone:x", "raised ModuleNotFoundError"),
        ("collections:OrderedDict", "makes no source"),
    ],
)
def test_an_entry_point_that_makes_no_source_is_named(
    tmp_path: Path, point: str, value: str, said: str
) -> None:
    sources, problems = live_sources({}, tmp_path, [EntryPoint("x", value.format(point), GROUP)])
    assert [source.name for source in sources] == ["uk-carbon-intensity"]
    assert said in problems[0]
    assert "s3cr3t" not in problems[0]


@pytest.mark.parametrize(
    ("setting", "zone"),
    [
        ("FRA", "FR"),
        ("GBR", "GB"),
        ("US-VA", "US"),
        ("CA-QC", "CA-QC"),
        ("aws:ca-central-1", "CA-QC"),
        ("gcp:europe-west1", "BE"),
        ("world", ""),
        ("475", ""),
    ],
)
def test_the_zone_that_is_asked_for(tmp_path: Path, setting: str, zone: str) -> None:
    pinned = resolve_intensity(setting, environ={}, cwd=tmp_path, home=tmp_path)
    assert live_zone(pinned) == zone


def test_without_a_place_nothing_is_asked(tmp_path: Path) -> None:
    pinned = resolve_intensity(None, environ={}, cwd=tmp_path, home=tmp_path)
    answer = ask_live(pinned, environ={}, home=tmp_path)
    assert answer.intensity is pinned
    assert answer.failures == (
        "nothing live for world: set a country, such as --carbon-intensity=FRA",
    )


def test_without_a_token_it_is_said_what_to_set(tmp_path: Path) -> None:
    pinned = resolve_intensity("FRA", environ={}, cwd=tmp_path, home=tmp_path)
    answer = ask_live(pinned, environ={}, home=tmp_path)
    assert not answer.live
    assert answer.failures == ("nothing live for FR: set ELECTRICITYMAPS_API_TOKEN",)


def test_an_error_from_below_is_told_by_its_class(pinned: Intensity) -> None:
    class Leaky:
        name = "leaky"

        def fetch(self, zone: str) -> Intensity:
            raise ConnectionResetError(f"{zone} with s3cr3t")

    assert ask_in_turn([Leaky()], "FR", pinned).failures == ("leaky: ConnectionResetError",)


def test_a_warning_of_a_library_ends_no_run(pinned: Intensity) -> None:
    """A suite that turns warnings into errors is not failed by what a source imports."""

    class Warner:
        name = "warner"

        def fetch(self, zone: str) -> Intensity:
            import warnings

            warnings.warn("old", DeprecationWarning, stacklevel=1)
            raise IntensityError(f"nothing for {zone}", remedy="x")

    assert ask_in_turn([Warner()], "FR", pinned).failures == ("warner: nothing for FR: x",)
