"""A baselines file that tests of merging share: its header, over no entries."""

from __future__ import annotations

from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.environment import Environment
from pytest_carbon.intensity.intensity import Intensity

HEADER = BaselineFile(
    environment=Environment(
        cpu_model="EPYC",
        cpu_count=2,
        meter="model",
        clock="perf",
        speed="follow",
        python="cpython-3.11",
        os="linux",
        tracing="off",
    ),
    intensity=Intensity(
        g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default"
    ),
    reference_ns=150_000.0,
)
