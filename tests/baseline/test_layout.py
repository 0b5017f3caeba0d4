from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import render
from pytest_carbon.errors import BaselineError
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity

FULL = Entry(
    first=Spread(centre_j=0.123456, sd_log=0.08149, samples=8, processes=8),
    look=Spread(centre_j=0.1, sd_log=0.05, samples=40, processes=8),
    raw=Spread(centre_j=0.2, sd_log=0.2, samples=8, processes=8),
    cpu_s=0.0000123456,
    wall_s=123456.0,
    sensitivity=0.9,
    anchor_j=0.12,
    body="0123456789ab",
    disk_share=0.25,
    blocks_written=336.25,
)
ONCE = Entry(first=Spread(centre_j=1.0), cpu_s=0.25, wall_s=0.25)
SHORT = {
    "d": short_entry(0.00041234, 0.00038, "9c488556ee21"),
    "e": short_entry(0.0000123456),
    "f": short_entry(1e-15, body="9c488556ee21"),
}

TEXT = """\
{
  "schema": 2,
  "environment": {
    "cpu_model": "AMD EPYC 7B13 64-Core Processor",
    "cpu_count": 2,
    "meter": "model",
    "clock": "perf-task-clock",
    "speed": "follow",
    "python": "cpython-3.11",
    "os": "linux",
    "tracing": "off"
  },
  "intensity": {
    "g_per_kwh": 473.0,
    "zone": "world",
    "source": "Ember",
    "period": "2024",
    "reason": "default"
  },
  "reference_ns": 151234.0,
  "file": {
    "tests/test_a.py": {
      "first": {"centre_j": 1, "samples": 1, "processes": 1},
      "cpu_s": 0.25,
      "wall_s": 0.25
    }
  },
  "fixture": {
    "tests/conftest.py::database": {
      "first": {"centre_j": 1, "samples": 1, "processes": 1},
      "cpu_s": 0.25,
      "wall_s": 0.25
    }
  },
  "test": {
    "tests/test_a.py::test_b": {
      "first": {"centre_j": 0.123, "sd_log": 0.0815, "samples": 8, "processes": 8},
      "look": {"centre_j": 0.1, "sd_log": 0.05, "samples": 40, "processes": 8},
      "raw": {"centre_j": 0.2, "sd_log": 0.2, "samples": 8, "processes": 8},
      "cpu_s": 1.23e-05,
      "wall_s": 123000,
      "sensitivity": 0.9,
      "anchor_j": 0.12,
      "body": "0123456789ab",
      "disk_share": 0.25,
      "blocks_written": 336
    },
    "tests/test_a.py::test_c": {
      "first": {"centre_j": 1, "samples": 1, "processes": 1},
      "cpu_s": 0.25,
      "wall_s": 0.25
    },
    "tests/test_a.py::test_d": {"first_j": 0.000412, "look_j": 0.00038, "body": "9c488556ee21"},
    "tests/test_a.py::test_e": {"first_j": 1.23e-05},
    "tests/test_a.py::test_f": {"first_j": 0, "body": "9c488556ee21"}
  }
}
"""


def test_a_file_is_sorted_and_rounded_and_an_entry_takes_a_few_short_lines(
    environment: Environment, intensity: Intensity
) -> None:
    file = BaselineFile(
        environment=environment,
        intensity=intensity,
        reference_ns=151234.0,
        entries={
            Subject(Kind.TEST, "tests/test_a.py::test_c"): ONCE,
            Subject(Kind.TEST, "tests/test_a.py::test_b"): FULL,
            Subject(Kind.FIXTURE, "tests/conftest.py::database"): ONCE,
            Subject(Kind.FILE, "tests/test_a.py"): ONCE,
            **{
                Subject(Kind.TEST, f"tests/test_a.py::test_{name}"): entry
                for name, entry in SHORT.items()
            },
        },
    )
    assert render(file) == TEXT


def test_of_a_short_test_a_line_keeps_the_costs_and_the_body_and_nothing_else(
    environment: Environment, intensity: Intensity
) -> None:
    name = "tests/test_a.py::test_b"
    file = BaselineFile(environment=environment, intensity=intensity)
    texts = [
        render(file.with_entries({Subject(Kind.TEST, name): entry}))
        for entry in (FULL._replace(is_short=True), short_entry(0.123, 0.1, "0123456789ab"))
    ]
    assert texts[0] == texts[1]
    assert (
        f'\n    "{name}": {{"first_j": 0.123, "look_j": 0.1, "body": "0123456789ab"}}\n' in texts[0]
    )


@pytest.mark.parametrize("figure", [math.nan, math.inf, -1.0, 1.7976931348623157e308])
@pytest.mark.parametrize("is_short", [False, True])
def test_joules_that_nobody_could_read_back_are_never_written(
    environment: Environment, intensity: Intensity, figure: float, is_short: bool
) -> None:
    entry = Entry(first=Spread(centre_j=figure), is_short=is_short)
    entries = {Subject(Kind.TEST, "test_a.py::test_b"): entry}
    file = BaselineFile(environment=environment, intensity=intensity, entries=entries)
    with pytest.raises(BaselineError, match=r"test_a\.py::test_b.* a number from 1e-12 to 1e\+12"):
        render(file)


@pytest.mark.parametrize(
    ("field", "value", "limits"),
    [
        ("look", Spread(centre_j=1.0, sd_log=1e300, samples=2, processes=2), "from 0 to 10"),
        ("look", Spread(centre_j=1.0, samples=1, processes=2), "1 samples of 2 processes"),
        ("sensitivity", -1e300, "from -1 to 5"),
        ("anchor_j", math.inf, "0 or a number from 1e-12 to 1e+12"),
        ("cpu_s", -1.0, "from 0 to 1e+09"),
        ("wall_s", 1e10, "from 0 to 1e+09"),
        ("disk_share", 1.5, "from 0 to 1"),
        ("blocks_written", 1e16, "from 0 to 1e+15"),
    ],
)
def test_a_figure_that_its_field_cannot_mean_is_never_written(
    environment: Environment, intensity: Intensity, field: str, value: object, limits: str
) -> None:
    entry = ONCE._replace(**{field: value})  # type: ignore[arg-type]
    entries = {Subject(Kind.TEST, "test_a.py::test_b"): entry}
    file = BaselineFile(environment=environment, intensity=intensity, entries=entries)
    with pytest.raises(BaselineError, match=r"test_a\.py::test_b") as caught:
        render(file)
    assert limits in caught.value.problem


def test_a_header_that_nobody_could_read_back_is_never_written(
    environment: Environment, intensity: Intensity
) -> None:
    file = BaselineFile(environment=environment, intensity=intensity, reference_ns=0.0)
    with pytest.raises(BaselineError, match="reference_ns is 0, not a number from 100 to"):
        render(file)
    dirty = intensity._replace(g_per_kwh=1e6)
    with pytest.raises(BaselineError, match="g_per_kwh is 1e\\+06, not a number from 0 to 100000"):
        render(BaselineFile(environment=environment, intensity=dirty))
