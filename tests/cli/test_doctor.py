"""``pytest-carbon doctor``."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.cli.main import main
from pytest_carbon.gate.policy import Policy
from pytest_carbon.measurement import Reading
from pytest_carbon.meters.sources import BUILT_IN
from pytest_carbon.outside.noise import measure_noise
from tests.results import cost

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.sampler import Sampler


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_screen_says_what_is_measured_and_what_is_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = partial(measure_noise, sleep=lambda _: None)
    monkeypatch.setattr("pytest_carbon.cli.doctor.measure_noise", at_once)
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[0] == "measured here"
    for name in ("environment", "energy", "CPU time", "intensity", "baselines"):
        assert any(line.startswith(f"  {name} ") for line in lines), name
    assert "not measured here" in lines
    assert "noise here, just now (36 times" in text
    assert text.count("a rise of") == 2
    assert len(lines) < 40


def test_every_meter_is_listed_with_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--no-noise"]) == 0
    meters = {one["name"]: one for one in json.loads(capsys.readouterr().out)["every_meter"]}
    assert {source.name for source in BUILT_IN} <= meters.keys()
    for meter in meters.values():
        assert meter["method"] in {"measured", "modelled"}
        assert meter["rights"]
        assert meter["systems"]
        assert meter["interval_s"] > 0 or meter["name"] == "model"
        if meter["state"] == "not available":
            assert meter["reason"]
            assert meter["remedy"]
    assert "in use" in {meter["state"] for meter in meters.values()}
    assert meters["powermetrics"]["state"] == "only where it is named"
    assert main(["doctor", "--no-noise"]) == 0
    text = capsys.readouterr().out
    assert "rights: none; needs the extra pytest-carbon[apple]" in text


def test_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--no-noise"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["environment"]["fingerprint"]
    assert facts["meters"]
    assert facts["noise"] is None
    for missing in facts["not_measured"]:
        assert missing["reason"]


def test_the_project_s_settings_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ncarbon_intensity = FRA\ncarbon_meters = model\n"
    )
    assert main(["doctor", "--json", "--no-noise"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["intensity"]["zone"] == "FRA"
    assert facts["environment"]["meter"] == "model"


def test_a_bad_setting_is_one_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTEST_CARBON_TOLERANCE", "-1")
    assert main(["doctor", "--no-noise"]) == 4
    assert "PYTEST_CARBON_TOLERANCE=-1 is negative" in capsys.readouterr().err


class Replayed:
    """A sampler whose every measurement is the next of given joules, over and over."""

    def __init__(self, *energies_j: float, missing: tuple[str, ...] = ()) -> None:
        self._energies_j = energies_j
        self._missing = missing
        self._count = 0

    def read(self) -> Reading:
        return Reading(wall_ns=0, cpu_ns=0)

    def measure(self, account: object) -> object:  # noqa: ARG002 - as the sampler's
        self._count += 1
        energy_j = self._energies_j[self._count % len(self._energies_j)]
        return cost(energy_j, missing=self._missing)


def noise_of(sampler: Replayed) -> float | None:
    replayed: Sampler = sampler  # type: ignore[assignment]
    noise = measure_noise(replayed, sleep=lambda _: None)
    assert noise.samples == 36
    return noise.can_see(Policy())


def test_noise_decides_what_can_be_seen() -> None:
    quiet, noisy = noise_of(Replayed(1.0, 1.01)), noise_of(Replayed(1.0, 2.0))
    assert quiet is not None
    assert noisy is not None
    assert quiet == pytest.approx(0.3, abs=0.01)
    assert noisy > 2 * quiet


def test_a_lost_meter_leaves_the_noise_unknown() -> None:
    assert noise_of(Replayed(1.0, missing=("gpu-0",))) is None
