"""An environment and an intensity that tests of baselines share."""

from __future__ import annotations

import pytest

from pytest_carbon.environment import Environment
from pytest_carbon.intensity.intensity import Intensity


@pytest.fixture(scope="session")
def environment() -> Environment:
    return Environment(
        cpu_model="AMD EPYC 7B13 64-Core Processor",
        cpu_count=2,
        meter="model",
        clock="perf-task-clock",
        speed="follow",
        python="cpython-3.11",
        os="linux",
        tracing="off",
    )


@pytest.fixture(scope="session")
def intensity() -> Intensity:
    return Intensity(g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default")
