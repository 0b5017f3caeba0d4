"""C × E against the formulas of the papers, and the SCI score by hand."""

from __future__ import annotations

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.intensity.embodied import CCF_SERVER, ECO_CI_RUNNER, Embodied, parse_embodied
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.pue import WORLD_PUE_2018, Pue
from pytest_carbon.intensity.sci import SciScore
from pytest_carbon.units import JOULES_PER_KWH, emissions_g

GRAMS_PER_POUND = 453.59237
STRUBELL_LB_PER_KWH = 0.954

FRANCE = Intensity(g_per_kwh=44, zone="FRA", source="Ember", period="2024", reason="set")


def test_strubells_formula_to_four_digits() -> None:
    """p_t = 1.58·t·(p_c + p_r + g·p_g)/1000 kWh and CO2e = 0.954·p_t lb (arXiv 1906.02243)."""
    hours, cpu_w, ram_w, gpus, gpu_w = 12.0, 78.4, 41.1, 8, 254.0
    kwh = WORLD_PUE_2018 * hours * (cpu_w + ram_w + gpus * gpu_w) / 1000
    pounds = STRUBELL_LB_PER_KWH * kwh
    # By hand: 78.4 + 41.1 + 2032 = 2151.5 W; × 12 h = 25.818 kWh; × 1.58 = 40.79244 kWh
    assert kwh == pytest.approx(40.79244, rel=1e-9)
    energy_j = hours * 3600 * (cpu_w + ram_w + gpus * gpu_w)
    grams = emissions_g(energy_j * WORLD_PUE_2018, STRUBELL_LB_PER_KWH * GRAMS_PER_POUND)
    assert grams / GRAMS_PER_POUND == pytest.approx(pounds, rel=5e-5)
    assert grams / GRAMS_PER_POUND == pytest.approx(38.92, abs=0.005)


def test_strubells_intensity_in_grams() -> None:
    g_per_kwh = STRUBELL_LB_PER_KWH * GRAMS_PER_POUND
    assert g_per_kwh == pytest.approx(432.7, abs=0.05)


def test_one_joule_at_475_is_132_micrograms() -> None:
    assert emissions_g(1.0, 475) == pytest.approx(132e-6, rel=1e-3)


def score(embodied: Embodied | None = None, **changes: float) -> SciScore:
    return SciScore(
        dynamic_j=changes.get("dynamic_j", 0.75 * JOULES_PER_KWH),
        idle_j=0.25 * JOULES_PER_KWH,
        pue=Pue(factor=1.2, reason="carbon_pue=1.2"),
        intensity=FRANCE,
        embodied=embodied,
        reserved_s=3600,
        per="test",
        count=int(changes.get("count", 1)),
        methods=("modelled",),
    )


def test_sci_by_hand() -> None:
    # E = (0.75 + 0.25) × 1.2 = 1.2 kWh; E × I = 52.8 g; M = 1,151,700 × 1/35,040 × 4/128 = 1.0271 g
    found = score(ECO_CI_RUNNER)
    assert found.operational_g == pytest.approx(52.8)
    assert found.embodied_g == pytest.approx(1.0271, abs=1e-4)
    assert found.score_g == pytest.approx(53.8271, abs=1e-4)
    assert found.label == "SCI score"


def test_sci_per_unit() -> None:
    found = score(ECO_CI_RUNNER, count=10)
    assert found.score_g == pytest.approx(5.38271, abs=1e-5)


def test_without_embodied_it_is_the_operational_part() -> None:
    found = score()
    assert found.score_g == found.operational_g
    assert found.embodied_g is None
    assert not found.complete
    assert found.label == "SCI, operational part"
    assert ("M, embodied", "not set, so this is not an SCI score") in found.terms()


def test_every_term_is_disclosed() -> None:
    terms = dict(score(ECO_CI_RUNNER).terms())
    assert terms == {
        "SCI score": "53.8 g CO2e per test",
        "R, functional unit": "test (1 covered)",
        "E, energy": "4.32 MJ, of it idle 25.0 %, PUE 1.2",
        "energy is": "modelled",
        "I, carbon intensity": "44 gCO2e/kWh, FRA, location-based, Ember 2024",
        "M, embodied": "1.03 g CO2e per test",
        "TE, machine's total": "1.15 Mg CO2e (Eco-CI, EPYC 7763 server)",
        "TiR, time reserved": "1 h 00 min",
        "EL, lifespan": "35040 h",
        "RR/ToR, share reserved": "4/128",
        "boundary": "the test process and its descendants, with their share of the idle machine",
    }


def test_a_score_of_nothing_is_zero() -> None:
    found = SciScore(
        dynamic_j=0,
        idle_j=0,
        pue=Pue(factor=1, reason="default"),
        intensity=FRANCE,
        embodied=None,
        reserved_s=0,
        per="run",
        methods=("measured", "modelled"),
    )
    assert found.score_g == 0
    assert dict(found.terms())["energy is"] == "measured and modelled"
    assert "idle 0 %" in dict(found.terms())["E, energy"]


@pytest.mark.parametrize("setting", [None, "", "  ", "none", "None"])
def test_embodied_is_off_by_default(setting: str | None) -> None:
    assert parse_embodied(setting) is None


@pytest.mark.parametrize("setting", ["1151.7kg/4y*4/128", "1.1517t/35040h * 1/32", "eco-ci"])
def test_embodied_of_the_same_runner_in_three_spellings(setting: str) -> None:
    found = parse_embodied(setting)
    assert found is not None
    # Eco-CI: 1,151.7 kg × 4/128 over 4 years is 1.03 g/h for 4 virtual CPUs.
    assert found.grams(3600) == pytest.approx(1.03, abs=0.005)


def test_embodied_of_a_share_of_a_known_server() -> None:
    found = parse_embodied("CCF*2/64")
    assert found is not None
    assert found.source == CCF_SERVER.source
    # 1,000,000 g over 35,040 h is 28.54 g/h, of it 1/32
    assert found.grams(3600) == pytest.approx(28.539 / 32, rel=1e-4)


BAD_EMBODIED = (
    "x",
    "1000",
    "1000kg",
    "1000kg/4",
    "1000kg/0y",
    "-1kg/4y",
    "1e3kg/4y",
    "1000lb/4y",
    f"{'9' * 400}kg/4y",
    "1000kg/4y*",
    "1000kg/4y*1/0",
    "ccf*5/4",
    "ccf*0/4",
)


@pytest.mark.parametrize("setting", BAD_EMBODIED, ids=lambda setting: setting[:20])
def test_a_bad_embodied_setting_is_refused(setting: str) -> None:
    with pytest.raises(SettingError, match=r"such as 1151\.7kg/4y"):
        parse_embodied(setting)
