"""Which intensity is taken, and why: settings, codecarbon's, the environment, the world."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.errors import SettingError
from pytest_carbon.intensity.location import resolve_intensity
from pytest_carbon.intensity.pue import CLOUD_PUE, resolve_pue

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity


OWID = "Ember and Energy Institute, via Our World in Data"


class World:
    """A machine: its environment, a project's folder and a home."""

    def __init__(self, root: Path) -> None:
        self.environ: dict[str, str] = {}
        self.cwd, self.home = root / "project", root / "home"
        self.cwd.mkdir()
        self.home.mkdir()

    def project(self, text: str) -> None:
        (self.cwd / ".codecarbon.config").write_text(f"[codecarbon]\n{text}\n")

    def user(self, text: str) -> None:
        (self.home / ".codecarbon.config").write_text(f"[codecarbon]\n{text}\n")

    def intensity(self, setting: str | None = None) -> Intensity:
        return resolve_intensity(setting, environ=self.environ, cwd=self.cwd, home=self.home)

    def pue(self, setting: str | None = None) -> tuple[float, str]:
        found = resolve_pue(setting, environ=self.environ, cwd=self.cwd, home=self.home)
        return found.factor, found.reason


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_nothing_known_is_the_world_mean_and_says_so(world: World) -> None:
    found = world.intensity()
    assert (found.g_per_kwh, found.zone, found.period) == (458, "world", "2025")
    assert found.reason == "default: no place is set or named by the environment"


@pytest.mark.parametrize("setting", ["", "  ", None])
def test_an_empty_setting_is_none(world: World, setting: str | None) -> None:
    assert world.intensity(setting).zone == "world"


def test_a_number_is_taken_as_it_is(world: World) -> None:
    found = world.intensity("432.7")
    assert (found.g_per_kwh, found.zone, found.source) == (432.7, "custom", "your setting")
    assert found.reason == "carbon_intensity=432.7"


def test_a_place_bears_source_year_and_reason(world: World) -> None:
    found = world.intensity("FRA")
    assert (found.g_per_kwh, found.zone, found.source) == (41.44, "FRA", OWID)
    assert (found.period, found.reason) == ("2025", "carbon_intensity=FRA")


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ("-1", "not within 1 to 3000 g/kWh"),
        ("0", "not within 1 to 3000 g/kWh"),
        ("3001", "not within"),
        ("nan", "not within"),
        ("inf", "not within"),
        ("0.473", "looks like kg per kWh: write 473"),
        ("XYZ", "carbon_intensity=XYZ: 'XYZ' is no place"),
        ("44 g", "is no place"),
    ],
)
def test_a_bad_setting_is_refused_by_name(world: World, setting: str, match: str) -> None:
    with pytest.raises(SettingError, match=match):
        world.intensity(setting)


@given(st.text(max_size=30))
def test_any_text_is_a_place_or_a_setting_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    nowhere = tmp_path_factory.getbasetemp() / "nowhere"
    try:
        found = resolve_intensity(text, environ={}, cwd=nowhere, home=nowhere)
    except SettingError as error:
        assert error.remedy  # noqa: PT017
    else:
        assert 1 <= found.g_per_kwh <= 3000


def test_the_setting_goes_before_everything(world: World) -> None:
    world.environ = {"CODECARBON_COUNTRY_ISO_CODE": "POL", "AWS_REGION": "us-east-1"}
    world.project("country_iso_code = nonsense")
    assert world.intensity("SWE").zone == "SWE"


# codecarbon's settings


def test_codecarbons_country_from_its_file(world: World) -> None:
    world.project("country_iso_code = deu")
    found = world.intensity()
    assert (found.zone, found.g_per_kwh) == ("DEU", 329.65)
    assert found.reason == "codecarbon's country_iso_code in .codecarbon.config=deu"


def test_the_environment_beats_the_project_which_beats_the_user(world: World) -> None:
    world.user("country_iso_code = FRA\nregion = somewhere")
    assert world.intensity().zone == "FRA"
    world.project("country_iso_code = DEU")
    assert world.intensity().zone == "DEU"
    world.environ["CODECARBON_COUNTRY_ISO_CODE"] = "SWE"
    assert world.intensity().zone == "SWE"


def test_codecarbons_order_force_then_cloud_then_region_then_country(world: World) -> None:
    world.project("country_iso_code = USA")
    assert world.intensity().zone == "USA"
    world.project("country_iso_code = USA\nregion = california")
    assert world.intensity().zone == "US-CA"
    cloud = "cloud_provider = gcp\ncloud_region = us-east1"
    world.project(f"country_iso_code = USA\nregion = california\n{cloud}")
    assert world.intensity().zone == "gcp:us-east1"
    world.project(f"country_iso_code = USA\n{cloud}\nforce_carbon_intensity_g_co2e_kwh = 77.5")
    assert world.intensity().g_per_kwh == 77.5


def test_quebec_has_its_own_figure_only_when_it_is_named(world: World) -> None:
    world.project("country_iso_code = CAN\nregion = quebec")
    assert world.intensity().zone == "CA-QC"


def test_a_region_without_a_figure_is_named_in_the_reason(world: World) -> None:
    world.project("country_iso_code = FRA\nregion = bretagne")
    found = world.intensity()
    assert found.zone == "FRA"
    assert "no figure is shipped for its region 'bretagne'" in found.reason


def test_a_region_without_a_country_decides_nothing(world: World) -> None:
    world.project("region = california")
    assert world.intensity().zone == "world"


@pytest.mark.parametrize("value", ['"FRA"', "'FRA'", "fr", " FRA "])
def test_quotes_and_case_do_not_matter(world: World, value: str) -> None:
    world.project(f"country_iso_code = {value}")
    assert world.intensity().zone == "FRA"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            "country_iso_code = FRANCE",
            "country_iso_code in .codecarbon.config=FRANCE is no country",
        ),
        ("force_carbon_intensity_g_co2e_kwh = low", "is not a number: write it like 475"),
        ("force_carbon_intensity_g_co2e_kwh = -4", "not within 1 to 3000"),
        ("cloud_provider = aws\ncloud_region = mars-1", "are no known cloud region"),
        ("cloud_provider = moon\ncloud_region = us-east-1", "are no known cloud region"),
    ],
)
def test_codecarbons_bad_settings_are_errors_here(world: World, text: str, match: str) -> None:
    """There they are ignored without a word."""
    world.project(text)
    with pytest.raises(SettingError, match=match):
        world.intensity()


@pytest.mark.parametrize(
    "content", [b"country_iso_code = FRA\n", b"[codecarbon\n", b"\xff\xfe\x00"]
)
def test_a_file_that_is_none_is_named_without_its_content(world: World, content: bytes) -> None:
    (world.cwd / ".codecarbon.config").write_bytes(content + b"token = s3cr3t\n")
    with pytest.raises(SettingError, match=r"\.codecarbon\.config") as caught:
        world.intensity()
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff[codecarbon]\ncountry_iso_code = FRA\n",
        "[codecarbon]\ncountry_iso_code = FRA  # where our servers are\n",
        "[codecarbon]\ncountry_iso_code = FRA ; France\n",
        "[codecarbon] # ours\r\ncountry_iso_code = 'FRA' # quoted\r\n",
        "[codecarbon]\ncountry_iso_code = FRA\nregion = # not known\n",
    ],
)
def test_marks_of_editors_and_comments_are_no_part_of_a_value(world: World, text: str) -> None:
    (world.cwd / ".codecarbon.config").write_bytes(text.encode())
    assert world.intensity().zone == "FRA"


def test_a_value_may_hold_the_sign_of_a_comment(world: World) -> None:
    world.project("country_iso_code = FR#A")
    with pytest.raises(SettingError, match="FR#A is no country"):
        world.intensity()


@pytest.mark.skipif(os.name != "posix", reason="Windows has neither pipes nor devices")
@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "/dev/full"])
def test_a_link_that_leads_to_no_file_is_an_error_at_once(world: World, target: str) -> None:
    os.mkfifo(world.cwd / "pipe")  # type: ignore[attr-defined, unused-ignore]
    (world.cwd / ".codecarbon.config").symlink_to(target)
    with pytest.raises(SettingError, match=r"\.codecarbon\.config cannot be read: it is a "):
        world.intensity()


def test_a_link_to_a_file_is_followed(world: World) -> None:
    world.project("country_iso_code = FRA")
    (world.cwd / ".codecarbon.config").rename(world.cwd / "shared.config")
    (world.cwd / ".codecarbon.config").symlink_to("shared.config")
    assert world.intensity().zone == "FRA"


def test_codecarbons_country_gets_the_hint_that_ours_gets(world: World) -> None:
    world.environ["CODECARBON_COUNTRY_ISO_CODE"] = "UK"
    with pytest.raises(SettingError, match=r"did you mean GBR \(United Kingdom\)"):
        world.intensity()


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("region", "country_iso_code"),
        ("cloud_region", "cloud_provider"),
        ("cloud_provider", "cloud_region"),
    ],
)
def test_half_a_place_of_codecarbons_is_said(world: World, name: str, missing: str) -> None:
    world.environ[f"CODECARBON_{name.upper()}"] = "x"
    found = world.intensity()
    assert found.zone == "world"
    words = f"codecarbon's CODECARBON_{name.upper()}=x counts only with {missing}"
    assert found.reason.endswith(words)


def test_other_sections_keys_and_percent_signs_are_left_alone(world: World) -> None:
    text = "[other]\na = 1\n[codecarbon]\nproject_name = 100%(done\ncountry_iso_code = FRA\n"
    (world.cwd / ".codecarbon.config").write_text(text)
    assert world.intensity().zone == "FRA"


def test_a_folder_of_that_name_is_no_file(world: World) -> None:
    (world.home / "nested").mkdir()
    world.home /= "nested/not-there"
    assert world.intensity().zone == "world"


def test_a_token_in_the_file_is_not_read(world: World) -> None:
    from pytest_carbon.intensity.codecarbon import codecarbon_settings

    world.project("electricitymaps_api_token = s3cr3t\nco2_signal_api_token = s3cr3t")
    assert codecarbon_settings(world.environ, world.cwd, world.home) == {}


# clouds and CI systems


@pytest.mark.parametrize(
    ("environ", "zone", "reason"),
    [
        ({"AWS_REGION": "eu-west-3"}, "aws:eu-west-3", "AWS_REGION=eu-west-3"),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, "aws:us-east-2", "AWS_DEFAULT_REGION=us-east-2"),
        ({"GOOGLE_CLOUD_REGION": "us-west1"}, "gcp:us-west1", "GOOGLE_CLOUD_REGION=us-west1"),
        (
            {"CLOUDSDK_COMPUTE_REGION": "europe-west9"},
            "gcp:europe-west9",
            "CLOUDSDK_COMPUTE_REGION=europe-west9",
        ),
        ({"REGION_NAME": "North Europe"}, "azure:northeurope", "REGION_NAME=North Europe"),
        (
            {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"},
            "USA",
            "GitHub-hosted runner",
        ),
        (
            {"GITLAB_CI": "true", "CI_RUNNER_TAGS": '["saas-linux-small-amd64"]'},
            "USA",
            "GitLab-hosted runner",
        ),
        ({"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "self-hosted"}, "world", "default"),
        ({"GITHUB_ACTIONS": "true"}, "world", "default"),
        ({"GITLAB_CI": "true", "CI_RUNNER_TAGS": '["our-own"]'}, "world", "default"),
        ({"CI": "true", "TZ": "Europe/Paris", "LANG": "fr_FR.UTF-8"}, "world", "default"),
        ({"AWS_REGION": "aws-global"}, "world", "default: AWS_REGION=aws-global is no known"),
        (
            {"AWS_REGION": "nowhere", "GOOGLE_CLOUD_REGION": "us-west1"},
            "gcp:us-west1",
            "GOOGLE_CLOUD_REGION",
        ),
    ],
)
def test_what_the_environment_names(
    world: World, environ: dict[str, str], zone: str, reason: str
) -> None:
    world.environ = environ
    found = world.intensity()
    assert found.zone == zone
    assert found.reason.startswith(reason)


def test_a_hosted_runner_is_not_where_it_deploys_to(world: World) -> None:
    world.environ = {
        "GITHUB_ACTIONS": "true",
        "RUNNER_ENVIRONMENT": "github-hosted",
        "AWS_REGION": "eu-north-1",
    }
    assert world.intensity().zone == "USA"


def test_codecarbons_settings_go_before_the_environment(world: World) -> None:
    world.environ = {"AWS_REGION": "eu-west-3"}
    world.project("country_iso_code = POL")
    assert world.intensity().zone == "POL"


# PUE


def test_the_default_pue_is_one(world: World) -> None:
    assert world.pue() == (1.0, "default")


def test_pue_from_the_setting_then_from_codecarbon(world: World) -> None:
    world.project("pue = 1.3")
    assert world.pue() == (1.3, "codecarbon's pue in .codecarbon.config=1.3")
    world.environ["CODECARBON_PUE"] = "1.4"
    assert world.pue() == (1.4, "codecarbon's CODECARBON_PUE=1.4")
    assert world.pue("1.58") == (1.58, "carbon_pue=1.58")


@pytest.mark.parametrize(("provider", "factor"), CLOUD_PUE.items())
def test_pue_of_a_provider(world: World, provider: str, factor: float) -> None:
    assert world.pue(provider.upper())[0] == factor


@pytest.mark.parametrize("setting", ["0.9", "11", "nan", "inf", "x", "-1"])
def test_an_impossible_pue_is_refused(world: World, setting: str) -> None:
    with pytest.raises(SettingError, match=f"carbon_pue={setting} is not"):
        world.pue(setting)


def test_codecarbons_impossible_pue_names_its_place(world: World) -> None:
    world.project("pue = x")
    with pytest.raises(SettingError, match=r"codecarbon's pue in \.codecarbon\.config=x"):
        world.pue()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read_is_named(world: World) -> None:
    world.project("country_iso_code = FRA")
    (world.cwd / ".codecarbon.config").chmod(0)
    with pytest.raises(SettingError, match="cannot be read"):
        world.intensity()
