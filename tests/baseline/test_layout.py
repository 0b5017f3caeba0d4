from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import render
from pytest_carbon.errors import BaselineError
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity

FULL = Entry(
    first=Spread(centre_j=0.123456, sd_log=0.08149, samples=8, processes=8),
    repeats=Spread(centre_j=0.1, sd_log=0.05, samples=40, processes=8),
    alone_first=Spread(centre_j=0.15, samples=8, processes=8),
    alone=Spread(centre_j=0.09, sd_log=0.04, samples=32, processes=8),
    raw=Spread(centre_j=0.2, sd_log=0.2, samples=8, processes=8),
    cpu_s=0.0000123456,
    wall_s=123456.0,
    sensitivity=0.9,
    anchor_j=0.12,
    body="0123456789ab",
    disk_share=0.25,
    blocks_written=336.25,
)
SHORT = Entry(first=Spread(centre_j=1.0), cpu_s=0.25, wall_s=0.25)

TEXT = """\
{
  "schema": 1,
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
      "repeats": {"centre_j": 0.1, "sd_log": 0.05, "samples": 40, "processes": 8},
      "alone_first": {"centre_j": 0.15, "samples": 8, "processes": 8},
      "alone": {"centre_j": 0.09, "sd_log": 0.04, "samples": 32, "processes": 8},
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
    }
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
            Subject(Kind.TEST, "tests/test_a.py::test_c"): SHORT,
            Subject(Kind.TEST, "tests/test_a.py::test_b"): FULL,
            Subject(Kind.FIXTURE, "tests/conftest.py::database"): SHORT,
        },
    )
    assert render(file) == TEXT


@pytest.mark.parametrize("figure", [math.nan, math.inf, 1.7976931348623157e308])
def test_what_is_no_finite_figure_is_never_written(
    environment: Environment, intensity: Intensity, figure: float
) -> None:
    entry = Entry(first=Spread(centre_j=figure), cpu_s=0.25, wall_s=0.25)
    entries = {Subject(Kind.TEST, "test_a.py::test_b"): entry}
    file = BaselineFile(environment=environment, intensity=intensity, entries=entries)
    with pytest.raises(BaselineError, match=r"test_a\.py::test_b.*finite"):
        render(file)
