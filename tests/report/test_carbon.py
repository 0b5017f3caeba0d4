"""What a run says about carbon: intensity, PUE, SCI and comparisons; and what it leaves alone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.intensity.table import place

if TYPE_CHECKING:
    from collections.abc import Callable

    Carbon = Callable[..., pytest.RunResult]

TEST = """
from burn import burn

def test_one():
    burn(0.05)
"""


def properties(pytester: pytest.Pytester, where: str) -> dict[str, str]:
    """The properties below ``where`` in ``out.xml``."""
    found = ET.parse(pytester.path / "out.xml").iterfind(f".//{where}/properties/property")
    return {p.get("name", ""): p.get("value", "") for p in found}


def test_a_run_names_its_intensity_and_an_equivalent(
    carbon: Carbon, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(TEST)
    result = carbon("--carbon-intensity=GBR")
    result.stdout.fnmatch_lines(
        [
            "  *; * gCO2e/kWh (GBR)",
            "  in all as much as * by car (EU), or * of video streaming",
        ]
    )
    result.stdout.no_fnmatch_line("*SCI*")
    result.stdout.no_fnmatch_line("*elsewhere*")
    result.stdout.no_fnmatch_line("*PUE*")


def test_more_words_on_demand(carbon: Carbon, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = carbon("--carbon-intensity=GBR", "--carbon-embodied=eco-ci", "-v")
    result.stdout.fnmatch_lines(
        [
            "  intensity: * gCO2e/kWh, GBR, * (carbon_intensity=GBR)",
            "  SCI score: * CO2e per run",
            "SCI score: * CO2e per run",
            "R, functional unit: run (1 covered)",
            "E, energy: *, of it idle * %, PUE 1",
            "energy is: *",
            "I, carbon intensity: * gCO2e/kWh, GBR, location-based, *",
            "M, embodied: * CO2e per run",
            "TE, machine's total: 1.15 Mg CO2e (Eco-CI, EPYC 7763 server)",
            "TiR, time reserved: *",
            "EL, lifespan: 35040 h",
            "RR/ToR, share reserved: 4/128",
            "boundary: * of the test processes and their descendants, *",
            "SCI score: * CO2e per test, mean of 1",
            "the same run elsewhere, each place's figure of its own year:",
            "*here (GBR)",
            "*the cleanest of all",
            "*the median of all",
            "*the dirtiest of all",
        ]
    )
    assert result.stdout.str().count("one of the ten largest grids") == 10


def test_quiet_leaves_the_headline(carbon: Carbon, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = carbon("-q", "--carbon-intensity=GBR")
    lines = result.outlines
    (start,) = (place for place, line in enumerate(lines) if re.fullmatch("=+ carbon =+", line))
    assert re.fullmatch("tests: .*J, .*g CO2e in .*s of CPU time", lines[start + 1])
    assert lines[start + 2] == "verdicts: 1 new"
    assert lines[start + 3].startswith("1 passed in")
    result.stdout.no_fnmatch_line("*SCI*")
    result.stdout.no_fnmatch_line("*as much as*")


def test_pue_multiplies_grams_and_not_joules(carbon: Carbon, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = carbon("--carbon-intensity=200", "--carbon-pue=1.5", "--junitxml=out.xml")
    result.stdout.fnmatch_lines(["  PUE 1.5 is in all grams (carbon_pue=1.5)"])
    test, run = properties(pytester, "testcase"), properties(pytester, "testsuite")
    for facts in (test, run):
        grams = float(facts["carbon.energy_j"]) / 3.6e6 * 200 * 1.5
        assert float(facts["carbon.emissions_g"]) == pytest.approx(grams, rel=1e-4)
    domains = float(test["carbon.setup_j"]) if "carbon.setup_j" in test else 0.0
    domains += float(test["carbon.call_j"])
    assert float(test["carbon.energy_j"]) == pytest.approx(domains, rel=1e-4)
    assert run["carbon.pue"] == "1.5"


def test_every_term_of_the_score_by_hand_from_the_properties(
    carbon: Carbon, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(TEST)
    carbon("--carbon-intensity=200", "--carbon-embodied=100kg/1y*2/4", "--junitxml=out.xml")
    run, test = properties(pytester, "testsuite"), properties(pytester, "testcase")

    def number(name: str) -> float:
        return float(run[f"carbon.sci.{name}"])

    assert run["carbon.sci.label"] == "SCI score"
    assert run["carbon.sci.per"] == "run"
    total_j = float(run["carbon.energy_j"]) + number("idle_j")
    assert number("energy_j") == pytest.approx(total_j, rel=1e-4)
    operational_g = number("energy_j") / 3.6e6 * number("intensity_g_per_kwh")
    assert number("operational_g") == pytest.approx(operational_g, rel=1e-4)
    # TE × TiR/EL × RR/ToR: 100,000 g over 31,536,000 s, of it a half
    embodied_g = 100_000 * number("reserved_s") / 31_536_000 * 2 / 4
    assert number("embodied_g") == pytest.approx(embodied_g, rel=1e-4)
    assert number("score_g") == pytest.approx(operational_g + embodied_g, rel=1e-4)
    energy_j = float(test["carbon.energy_j"]) + float(test["carbon.idle_j"])
    held_g = 100_000 * float(test["carbon.wall_s"]) / 31_536_000 * 2 / 4
    expected = energy_j / 3.6e6 * 200 + held_g
    assert float(test["carbon.sci_g"]) == pytest.approx(expected, rel=1e-4)


def test_workers_share_the_machines_making(carbon: Carbon, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    carbon("-n2", "--carbon-intensity=200", "--carbon-embodied=100kg/1y", "--junitxml=out.xml")
    test = properties(pytester, "testcase")
    embodied_g = float(test["carbon.sci_embodied_g"])
    total_g = embodied_g + float(test["carbon.sci_operational_g"])
    assert float(test["carbon.sci_g"]) == pytest.approx(total_g, rel=1e-4)
    expected = 100_000 * float(test["carbon.wall_s"]) / 2 / 31_536_000
    assert embodied_g == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--carbon-pue=0.5", "carbon_pue=0.5 is not within 1 to 10: write a number such as 1.2"),
        ("--carbon-pue=much", "carbon_pue=much is not a number: write a number such as 1.2"),
        ("--carbon-embodied=1000", "carbon_embodied=1000 is no machine: write total/lifespan"),
        ("--carbon-intensity=Frnace", "did you mean FRA (France)"),
        ("--carbon-intensity=0.4", "it looks like kg per kWh: write 400"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_run_before_any_test(
    carbon: Carbon, pytester: pytest.Pytester, option: str, said: str
) -> None:
    pytester.makepyfile(TEST)
    result = carbon(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()
    result.stdout.no_fnmatch_line("*collected*")


def test_changing_the_pinned_intensity_is_no_regression(
    carbon: Carbon, pytester: pytest.Pytester
) -> None:
    """Twentyfold grams are still the same joules."""
    pytester.makepyfile(TEST)
    carbon("--carbon-intensity=50", "--carbon-update").assert_outcomes(passed=1)
    result = carbon("--carbon-intensity=1000", "--carbon-tolerance=900%")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["verdicts: 1 ok"])
    result = carbon("--carbon-tolerance=900%", "-v")
    result.stdout.fnmatch_lines(
        ["  intensity: 50 gCO2e/kWh, custom, * (pinned with the baselines; carbon_intensity=50)"]
    )


def test_the_stored_intensity_turns_budgets_into_joules_wherever_a_run_is(
    carbon: Carbon, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A budget of 10 µg is 3.6 J at the stored 10 g/kWh; here it would be a fiftieth of that."""
    pytester.makepyfile(
        f"import pytest\n{TEST}\ntest_one = pytest.mark.carbon_budget(ug=10)(test_one)\n"
    )
    carbon("--carbon-intensity=10", "--carbon-update").assert_outcomes(passed=1)
    monkeypatch.setenv("CODECARBON_COUNTRY_ISO_CODE", "POL")
    result = carbon("--carbon-tolerance=900%", "--junitxml=out.xml")
    result.assert_outcomes(passed=1)
    assert float(properties(pytester, "testcase")["carbon.budget_j"]) == pytest.approx(3.6)


def test_a_place_keeps_its_stored_figure_until_it_is_stored_again(
    carbon: Carbon, pytester: pytest.Pytester
) -> None:
    """A newer version of the plugin, with a newer figure for France, moves no budget."""
    pytester.makepyfile(TEST)
    carbon("--carbon-intensity=FRA", "--carbon-update").assert_outcomes(passed=1)
    (stored,) = (pytester.path / "baselines").glob("*.json")
    text = stored.read_text()
    newer = place("FRA")
    older = text.replace(f"{newer.g_per_kwh}", "85.5").replace(f'"{newer.year}"', '"2019"')
    assert older != text
    stored.write_text(older)
    result = carbon("--carbon-intensity=FRA", "--carbon-tolerance=900%", "-v")
    result.stdout.fnmatch_lines(
        [
            "  intensity: 85.5 gCO2e/kWh, FRA, * 2019 (pinned with the baselines; *",
            "note: the baselines are pinned at 85.5 g/kWh of 2019 for FRA; --carbon-update pins *",
        ]
    )
    carbon("--carbon-intensity=FRA", "--carbon-update").assert_outcomes(passed=1)
    assert f"{newer.g_per_kwh}" in stored.read_text()
