"""The files that codecarbon writes: ``emissions.csv``, and a file with one row a task.

Columns, order and units are those of codecarbon 3.3 (``output_methods/emissions_data.py``):
kilograms, kilowatt-hours, watts and seconds. What is not measured here stays empty.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pytest_carbon.errors import ReportError, SettingError
from pytest_carbon.intensity.table import country
from pytest_carbon.intensity.table import place as place_of
from pytest_carbon.measurement import Kind
from pytest_carbon.report.names import host_mark
from pytest_carbon.text import csv_text
from pytest_carbon.units import JOULES_PER_KWH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.run import RunResult

__all__ = ["COLUMNS", "TASK_COLUMNS", "check", "extend", "render", "render_tests", "run_row"]

COLUMNS = (
    "timestamp",
    "project_name",
    "run_id",
    "experiment_id",
    "duration",
    "emissions",
    "emissions_rate",
    "cpu_power",
    "gpu_power",
    "ram_power",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
    "energy_consumed",
    "water_consumed",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "os",
    "python_version",
    "codecarbon_version",
    "cpu_count",
    "cpu_model",
    "gpu_count",
    "gpu_model",
    "longitude",
    "latitude",
    "ram_total_size",
    "tracking_mode",
    "cpu_utilization_percent",
    "gpu_utilization_percent",
    "ram_utilization_percent",
    "ram_used_gb",
    "on_cloud",
    "pue",
    "wue",
)

TASK_COLUMNS = ("task_name", *(c for c in COLUMNS if c not in {"experiment_id", "pue", "wue"}))

# carbonboard fails on an empty code; this one is no country's, and it shows it without a map.
WORLD_CODE = "WLD"

GIB = 2**30

_MOST_HEADER = 2**16
_SHOWN = 40

# A duration below a clock's tick has no rate.
_LEAST_S = 1e-9

# Runs that were joined do not follow each other: the end of a thousand years is none.
_LONGEST_S = 1e9


def render(result: RunResult) -> str:
    """A file with the row of this run; empty where the run's energy is unknown."""
    row = run_row(result)
    return "" if row is None else _table(COLUMNS, [row])


def extend(result: RunResult, path: Path) -> str:
    """The row of this run, in the order of the columns of the file that it is appended to."""
    columns = _columns(path)
    row = run_row(result)
    if row is None:
        return ""
    if not columns:
        return _table(COLUMNS, [row])
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        lacks_end = file.read(1) not in b"\r\n"
    return ("\n" if lacks_end else "") + _rows(columns, [row])


def check(path: Path) -> None:
    """Raise ``ReportError`` for a file that does not hold these columns, in whatever order.

    A row below other columns would be nonsense, and codecarbon puts such a file aside.
    """
    columns = _columns(path)
    if not columns or sorted(columns) == sorted(COLUMNS):
        return
    extra = sorted(set(columns) - set(COLUMNS))
    lacking = sorted(set(COLUMNS) - set(columns))
    words = [f"{what} {', '.join(names[:5])}" for what, names in _differences(extra, lacking)]
    raise ReportError(
        f"{path} has other columns than codecarbon's present file: {'; '.join(words)}",
        remedy="name another file, or move this one away",
    )


def _differences(extra: list[str], lacking: list[str]) -> list[tuple[str, list[str]]]:
    pairs = [("it also has", [csv_text(name)[:_SHOWN] for name in extra]), ("it lacks", lacking)]
    return [pair for pair in pairs if pair[1]] or [("some stand twice", [])]


def _columns(path: Path) -> list[str]:
    """The header of a file; empty where there is none yet."""
    try:
        # Not utf-8-sig: codecarbon does not know a file with a byte order mark again.
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            beginning = file.read(_MOST_HEADER)
    except FileNotFoundError:
        return []
    try:
        # Blank lines are skipped by whoever reads such a file.
        return next(filter(None, csv.reader(io.StringIO(beginning, newline=""))), [])
    except csv.Error:
        return [beginning[:_SHOWN]]


def render_tests(result: RunResult) -> str:
    """A file with one row a test; tests whose energy is unknown are left out."""
    common = _common(result)
    rows = []
    for subject in result.of(Kind.TEST):
        figures = _figures(result, subject.total, subject.total.wall_s)
        if figures is not None:
            name = f"{subject.subject.id}{host_mark(subject)}"
            rows.append({**common, **figures, "task_name": name})
    return _table(TASK_COLUMNS, rows)


def _table(columns: Iterable[str], rows: Iterable[dict[str, object]]) -> str:
    columns = list(columns)
    return ",".join(columns) + "\n" + _rows(columns, rows)


def _rows(columns: list[str], rows: Iterable[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(row.get(column, "")) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return csv_text(value) if isinstance(value, str) else value


def run_row(result: RunResult) -> dict[str, object] | None:
    """The run in codecarbon's columns and units; ``None`` where its energy is unknown."""
    figures = None if result.total is None else _figures(result, result.total, result.own_wall_s)
    return None if figures is None else {**_common(result), **figures}


def _figures(
    result: RunResult, measurement: Measurement, duration_s: float
) -> dict[str, object] | None:
    """Energy, power and emissions of what the work caused; the idle share is not in them.

    PUE is in all of them, as with codecarbon.
    """
    grams = result.accounting.emissions_g(measurement.energy_j)
    if measurement.energy_j is None or grams is None:
        return None
    pue = result.pue.factor
    joules: dict[str, float] = {}
    for energy in measurement.energies:
        part = _part(energy.domain)
        if energy.dynamic_j or not energy.idle_j:
            joules[part] = joules.get(part, 0.0) + energy.dynamic_j * pue
    kg = grams / 1000
    row: dict[str, object] = {
        "duration": duration_s,
        "emissions": kg,
        "emissions_rate": kg / duration_s if duration_s > _LEAST_S else 0.0,
        "energy_consumed": measurement.energy_j * pue / JOULES_PER_KWH,
    }
    for part, energy_j in joules.items():
        row[f"{part}_energy"] = energy_j / JOULES_PER_KWH
        row[f"{part}_power"] = energy_j / duration_s if duration_s > _LEAST_S else 0.0
    return row


def _part(domain: str) -> str:
    """The column group of a meter's domain."""
    if domain.startswith("gpu"):
        return "gpu"
    return "ram" if domain.startswith(("dram", "memory")) else "cpu"


def _common(result: RunResult) -> dict[str, object]:
    origin, environment = result.origin, result.environment
    started = datetime.fromisoformat(origin.started_at) if origin else datetime.now(timezone.utc)
    ended = (started + timedelta(seconds=min(result.wall_s, _LONGEST_S))).astimezone()
    domains = result.total.energies if result.total else ()
    gpus = {e.domain for e in domains if _part(e.domain) == "gpu"}
    name, code, region = _place(result.accounting.intensity.zone)
    versions = origin.versions if origin else {}
    return {
        "timestamp": ended.strftime("%Y-%m-%dT%H:%M:%S"),
        # An empty project leaves carbonboard without a page.
        "project_name": origin.project if origin else "pytest",
        "run_id": origin.run_id if origin else "",
        "country_name": name,
        "country_iso_code": code,
        "region": region,
        "os": origin.platform if origin else environment.os,
        "python_version": versions.get("python", environment.python),
        "codecarbon_version": f"pytest-carbon {versions.get('pytest-carbon', '')}".strip(),
        "cpu_count": environment.cpu_count,
        "cpu_model": environment.cpu_model,
        "gpu_count": len(gpus) or "",
        "ram_total_size": origin.memory_bytes / GIB if origin and origin.memory_bytes else "",
        "tracking_mode": "process",
        # What grid the figures are of does not say where the run was.
        "on_cloud": "N",
        "pue": result.pue.factor,
    }


def _place(zone: str) -> tuple[str, str, str]:
    """Country, its three-letter code, and the region below it."""
    known = country(zone)
    if known is not None:
        return known.name, known.zone, ""
    if zone in {"world", "custom"}:
        return ("the world" if zone == "world" else "not stated"), WORLD_CODE, ""
    try:
        found = place_of(zone)
    except SettingError:
        found = None
    lies_in = None if found is None else country(found.grid[:2])
    if lies_in is None:
        return "not stated", WORLD_CODE, zone
    return lies_in.name, lies_in.zone, zone
