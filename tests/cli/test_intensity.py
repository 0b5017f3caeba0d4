"""``pytest-carbon intensity [ZONE]``: what would be used, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.main import main
from pytest_carbon.environment import Environment
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VARIABLES = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "GOOGLE_CLOUD_REGION",
    "CLOUDSDK_COMPUTE_REGION",
    "REGION_NAME",
    "GITHUB_ACTIONS",
    "RUNNER_ENVIRONMENT",
    "GITLAB_CI",
    "CODECARBON_COUNTRY_ISO_CODE",
    "CODECARBON_REGION",
    "CODECARBON_PUE",
    "CODECARBON_CLOUD_PROVIDER",
    "CODECARBON_FORCE_CARBON_INTENSITY_G_CO2E_KWH",
    "PYTEST_CARBON_INTENSITY",
    "PYTEST_CARBON_PUE",
    "ELECTRICITYMAPS_API_TOKEN",
    "CO2_SIGNAL_API_TOKEN",
    "CODECARBON_ELECTRICITYMAPS_API_TOKEN",
    "CODECARBON_CO2_SIGNAL_API_TOKEN",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project below an empty home, on a machine that names no place."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    home, project = tmp_path / "home", tmp_path / "home" / "project"
    project.mkdir(parents=True)
    # The search for a configuration ends here, whatever lies above the tests' own folder.
    (home / "pytest.ini").write_text("[pytest]\n")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def command(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in the project: exit status, output, errors."""
    assert project.is_dir()

    def call(*argv: str) -> tuple[int, str, str]:
        status = main(["intensity", *argv])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def row(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return line[len(name) :].strip()


def test_the_default_is_the_world_and_says_why(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    status, out, err = command()
    assert (status, err) == (0, "")
    assert row(out, "intensity").startswith("458 gCO2e/kWh")
    assert row(out, "place") == "the world (world)"
    assert row(out, "source") == "Ember via Our World in Data, 2025"
    assert row(out, "because") == "default: no place is set or named by the environment"
    assert row(out, "PUE") == "1 (default)"
    assert "CC BY 4.0" in out


def test_a_country_with_its_mix_and_the_same_elsewhere(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    _, out, _ = command("fr")
    assert row(out, "place") == "France (FRA)"
    assert row(out, "because") == "carbon_intensity=fr, from the argument"
    assert row(out, "mix").startswith("nuclear 68.8 %, hydro 10.4 %")
    assert "47 g/kWh by IPCC AR5 lifecycle medians" in out
    assert "   41.4 g  here (FRA)" in out
    assert "    670 g  India, 2025 (one of the ten largest grids)" in out
    assert "(dirtiest of all)" in out


def test_a_figure_of_ones_own_has_no_place(command: Callable[..., tuple[int, str, str]]) -> None:
    _, out, _ = command("250")
    assert row(out, "place") == "custom"
    assert row(out, "source") == "your setting, as set"


def test_an_unknown_zone_is_a_usage_error(command: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = command("Frnace")
    assert (status, out) == (4, "")
    assert err.startswith("ERROR: carbon_intensity=Frnace")
    assert "did you mean FRA (France)" in err


def test_the_environment_variable_of_the_option_counts(
    command: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_CARBON_INTENSITY", "SWE")
    assert row(command()[1], "because") == "carbon_intensity=SWE, from PYTEST_CARBON_INTENSITY"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\ncarbon_intensity = "POL"\n'),
        ("pyproject.toml", '[tool.pytest]\ncarbon_intensity = "POL"\n'),
        ("pytest.toml", '[pytest]\ncarbon_intensity = "POL"\n'),
        ("pytest.ini", "[pytest]\ncarbon_intensity = POL\n"),
        (".pytest.ini", "[pytest]\ncarbon_intensity = POL\n"),
        ("tox.ini", "[pytest]\ncarbon_intensity = POL\n"),
        ("setup.cfg", "[tool:pytest]\ncarbon_intensity = POL\n"),
    ],
)
def test_the_projects_ini_setting_counts_from_any_folder_below(
    command: Callable[..., tuple[int, str, str]],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    text: str,
) -> None:
    (project / file).write_text(text)
    (project / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "down")
    reason = f"carbon_intensity=POL, from carbon_intensity in {file}"
    assert row(command()[1], "because") == reason


def test_files_without_pytests_section_do_not_count(
    command: Callable[..., tuple[int, str, str]], project: Path
) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (project / "setup.cfg").write_text("[metadata]\nname = x\n")
    (project / "tox.ini").write_text("[pytest]\ncarbon_intensity = NOR\ncarbon_pue = 1.2\n")
    _, out, _ = command()
    assert row(out, "place") == "Norway (NOR)"
    assert row(out, "PUE") == "1.2 (carbon_pue=1.2)"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("pyproject.toml", "[tool.pytest", "is no TOML"),
        ("pytest.ini", "carbon_intensity = POL\n", "is no INI file"),
    ],
)
def test_a_broken_configuration_is_named(
    command: Callable[..., tuple[int, str, str]], project: Path, file: str, text: str, said: str
) -> None:
    (project / file).write_text(text)
    status, _, err = command()
    assert status == 4
    assert file in err
    assert said in err


def test_codecarbons_settings_of_the_project_count(
    command: Callable[..., tuple[int, str, str]], project: Path
) -> None:
    (project / ".codecarbon.config").write_text(
        "[codecarbon]\ncountry_iso_code = USA\nregion = oregon\npue = 1.1\n"
    )
    _, out, _ = command()
    assert row(out, "place") == "Oregon (US-OR)"
    assert row(out, "PUE").startswith("1.1 (codecarbon's pue")
    # 137.4 g/kWh × 1.1
    assert "1 kWh of computing" in out


def test_json_has_all_of_it(command: Callable[..., tuple[int, str, str]]) -> None:
    content = json.loads(command("FRA", "--json")[1])
    assert content["intensity"] == {
        "g_per_kwh": 41.44,
        "zone": "FRA",
        "source": "Ember and Energy Institute, via Our World in Data",
        "period": "2025",
        "reason": "carbon_intensity=FRA, from the argument",
    }
    assert sum(content["mix"].values()) == pytest.approx(1)
    assert content["mix_year"] == 2025
    assert content["live"] is None
    assert content["elsewhere_g_per_kwh"]["largest"]["CHN"] == 525.34
    assert "CC BY 4.0" in content["attribution"]


def test_live_without_a_token_says_what_to_set_and_asks_nobody(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    status, out, _ = command("FRA", "--live")
    assert status == 0
    assert row(out, "live") == "none; reports use the pinned figure"
    assert "nothing live for FR: set ELECTRICITYMAPS_API_TOKEN" in out
    content = json.loads(command("FRA", "--live", "--json")[1])
    assert content["live"]["live"] is False


def test_embodied_emissions_of_the_project_are_shown(
    command: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert row(command()[1], "embodied").startswith("not set")
    monkeypatch.setenv("PYTEST_CARBON_EMBODIED", "eco-ci")
    # 1,151.7 kg over 4 years, of it 4/128
    assert row(command()[1], "embodied") == "1.03 g CO2e an hour (Eco-CI, EPYC 7763 server)"


def test_baselines_keep_the_intensity_that_they_are_pinned_at(
    command: Callable[..., tuple[int, str, str]], project: Path
) -> None:
    environment = Environment(
        cpu_model="A",
        cpu_count=2,
        meter="model",
        clock="perf",
        speed="off",
        python="cpython-3.12",
        os="linux",
        tracing="off",
    )
    entry = Entry(first=Spread(centre_j=1.0), cpu_s=0.25, wall_s=0.25)
    pinned = Intensity(g_per_kwh=50, zone="custom", source="S", period="P", reason="R")
    BaselineStore(project / "baselines").update(
        environment,
        lambda _: BaselineFile(
            environment=environment,
            intensity=pinned,
            entries={Subject(Kind.TEST, "test_a.py::test"): entry},
        ),
    )
    stored = "50 gCO2e/kWh, custom: baselines with it keep it"
    assert row(command()[1], "stored") == stored
    assert stored not in command("FRA")[1]


def test_an_unknown_look_up_is_refused(command: Callable[..., tuple[int, str, str]]) -> None:
    status, _, err = command("--locate", "gps")
    assert status == 4
    assert err.endswith("has the unknown name 'gps': use metadata or geoip\n")
