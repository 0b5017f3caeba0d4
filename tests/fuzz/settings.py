"""What is set: in variables and options, in pytest's files and in codecarbon's."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import read_baselines
from pytest_carbon.errors import ReportError, SettingError
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.ini import ini_setting
from pytest_carbon.intensity.embodied import parse_embodied
from pytest_carbon.intensity.location import resolve_intensity
from pytest_carbon.intensity.pue import resolve_pue
from pytest_carbon.report import codecarbon_csv
from pytest_carbon.report.comment import Comment
from pytest_carbon.report.destination import parse_destinations
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.terminal import summary_lines
from pytest_carbon.resultfile.file import result_from_text, write_result
from pytest_carbon.settings import read_settings
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import plan_runs
from tests.fuzz.check import Target, check_error, check_text
from tests.results import run_result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_carbon.result.run import RunResult
    from pytest_carbon.settings import Settings

_RUN = run_result()
_ENTRIES = [*plan_runs(None, [_RUN], Mode.ALL, Policy()).file.entries.values()]


class _Config:
    """What reading the settings asks of pytest: here, everything is set in the environment."""

    def __init__(self, folder: Path) -> None:
        self.rootpath = folder
        self.invocation_params = SimpleNamespace(dir=folder)

    def getoption(self, name: str, default: object = None) -> object:  # noqa: ARG002
        return default

    def getini(self, name: str) -> str:  # noqa: ARG002
        return ""


def _environ(data: bytes) -> dict[str, str] | None:
    """The environment that an input describes: an object of texts without a NUL."""
    try:
        told: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if type(told) is not dict:
        return None
    return {name: value for name, value in told.items() if type(value) is str and "\0" not in value}


def use_settings(data: bytes, folder: Path) -> bool:
    """What a run makes of variables: every option is one, and CI systems and clouds set more."""
    environ = _environ(data)
    if environ is None:
        return False
    try:
        settings = read_settings(_Config(folder), environ)  # type: ignore[arg-type]
        parse_destinations(settings.reports)
        result = _as_set(settings, environ, folder)
    except SettingError as error:
        check_error(error)
        return False
    _judge(settings.policy)
    _use(result)
    comment = Comment(link=settings.report_link, always=True)
    check_text(KINDS["markdown"].render(result, (), comment))
    return True


def _as_set(settings: Settings, environ: Mapping[str, str], folder: Path) -> RunResult:
    where: dict[str, Any] = {"environ": environ, "cwd": folder, "home": folder}
    return _RUN._replace(
        tolerance=settings.policy.tolerance,
        floor_j=settings.policy.floor_j,
        intensity=resolve_intensity(settings.intensity, **where),
        pue=resolve_pue(settings.pue, **where),
        embodied=parse_embodied(settings.embodied),
    )


def _judge(policy: Policy) -> None:
    for entry in _ENTRIES:
        verdict_without_confirmation(entry.first.centre_j * 3, Bounds.of(entry, policy, 0.05))
    plan_runs(None, [_RUN], Mode.ALL, policy)


def _use(result: RunResult) -> None:
    """Show, store and read back what was set."""
    for line in summary_lines(result, verbosity=1, rows=3):
        check_text(line.text)
    assert result_from_text(write_result(result), "written") == result
    file = BaselineFile(environment=result.environment, intensity=result.intensity)
    assert read_baselines(render(file).encode(), "stored").intensity.zone == result.intensity.zone


def use_codecarbon(data: bytes, folder: Path) -> bool:
    """What a run makes of codecarbon's file of settings."""
    (folder / ".codecarbon.config").write_bytes(data)
    where: dict[str, Any] = {"environ": {}, "cwd": folder, "home": folder}
    try:
        intensity, pue = resolve_intensity(None, **where), resolve_pue(None, **where)
    except SettingError as error:
        check_error(error, ".codecarbon.config")
        return False
    _use(_RUN._replace(intensity=intensity, pue=pue))
    return True


def use_ini(data: bytes, folder: Path) -> bool:
    """What commands make of a project's configuration of pytest, be it called as it may."""
    took = False
    for name in ("pytest.ini", "pyproject.toml", "setup.cfg"):
        place = folder / name.partition(".")[0]
        place.mkdir()
        (place / name).write_bytes(data)
        took |= any(_takes_ini(option, place) for option in ("carbon_baselines", "carbon_history"))
    return took


def _takes_ini(option: str, place: Path) -> bool:
    try:
        found = ini_setting(option, place)
    except SettingError as error:
        check_error(error, str(place))
        return False
    return found is not None


def use_emissions(data: bytes, folder: Path) -> bool:
    """What ``csv:PATH`` makes of a file that is there: a row more, or nothing at all."""
    path = folder / "emissions.csv"
    path.write_bytes(data)
    try:
        codecarbon_csv.check(path)
        more = codecarbon_csv.extend(_RUN, path)
    except ReportError as error:
        check_error(error, path.name)
        return False
    whole = data + more.encode()
    added = list(csv.reader(io.StringIO(more.strip("\n"))))
    assert len(added) == (1 if data.strip(b"\r\n") else 2)
    assert len(added[-1]) == len(codecarbon_csv.COLUMNS)
    path.write_bytes(whole)
    codecarbon_csv.check(path)
    return True


TARGETS = {
    "settings": Target(use_settings),
    "codecarbon": Target(use_codecarbon, form="bytes"),
    "ini": Target(use_ini, form="bytes"),
    "emissions": Target(use_emissions, form="bytes"),
}
