"""Counters of the machine that workers share: divided, added up, and never counted twice."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result
from tests.busy_powercap import BUSY_W, busy_powercap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_carbon.result.run import RunResult

    Run = Callable[..., pytest.RunResult]

if platform.system() != "Linux":
    pytest.skip("powercap, and CPU clocks of other processes, are Linux's", allow_module_level=True)

SUITE = """
import pytest
from burn import burn

@pytest.fixture(scope="session")
def database():
    burn(0.05)
    yield
    burn(0.05)

@pytest.mark.parametrize("n", range(30))
def test_short(n, database): burn(0.005)

@pytest.mark.parametrize("n", range(8))
def test_long(n): burn(0.1)
"""

# A board that draws 100 W whatever happens; its counter is the same in all processes.
GPU = """
import time
from types import SimpleNamespace
from pytest_carbon.meters import nvml, nvml_library

class NVMLError(Exception): pass

FAKE = SimpleNamespace(
    NVMLError=NVMLError,
    NVMLError_LibraryNotFound=NVMLError,
    NVMLError_DriverNotLoaded=NVMLError,
    nvmlInit=lambda: None,
    nvmlShutdown=lambda: None,
    nvmlDeviceGetCount=lambda: 1,
    nvmlDeviceGetHandleByIndex=lambda index: index,
    nvmlDeviceGetUUID=lambda handle: "GPU-aaaa",
    nvmlDeviceGetMigMode=lambda handle: (0, 0),
    nvmlDeviceGetUtilizationRates=lambda handle: SimpleNamespace(gpu=50),
    nvmlDeviceGetPowerUsage=lambda handle: 100_000,
    nvmlDeviceGetTotalEnergyConsumption=lambda handle: int(time.monotonic() * 100_000),
)
nvml.has_library = nvml_library.has_library = lambda: True
nvml.load_module = lambda: FAKE
"""


@pytest.fixture(scope="module")
def powercap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with busy_powercap(tmp_path_factory.mktemp("busy") / "powercap") as root:
        yield root


def measured(pytester: pytest.Pytester, carbon: Run, *args: str) -> RunResult:
    done = carbon("--carbon-report=json:run.json", "--carbon-speed=off", *args)
    assert done.ret == 0, done.stdout.str()
    return read_result(pytester.path / "run.json")


@pytest.mark.slow
@pytest.mark.cold_start  # workers know each other by their commands
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_rows_add_up_to_what_the_counter_showed(
    pytester: pytest.Pytester, carbon: Run, powercap: Path, workers: str
) -> None:
    pytester.makepyfile(SUITE)
    result = measured(pytester, carbon, f"--carbon-powercap={powercap}", workers)
    (counted,) = result.counted
    assert counted.domain == "package-0"
    rows, total = result.rows_total, result.total
    assert rows is not None
    assert total is not None
    assert total.energy_j == counted.run_j
    # The neighbours' part, and what flows anyway, are kept apart.
    assert counted.run_j + counted.idle_j + counted.others_j == pytest.approx(counted.total_j)
    assert rows.energy_j == pytest.approx(total.energy_j, rel=0.05)
    assert rows.energy_j == pytest.approx(BUSY_W * rows.cpu_s, rel=0.2)
    (database,) = result.of(Kind.FIXTURE)
    assert database.times <= max(1, result.workers)
    assert database.total.cpu_s == pytest.approx(0.1 * database.times, rel=0.2)


@pytest.mark.cold_start
def test_a_gpu_that_workers_share_is_not_counted_twice(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makeconftest(GPU)
    pytester.makepyfile(SUITE)
    result = measured(pytester, carbon, "-n2", "--carbon-meters=nvml,model")
    (counted,) = result.counted
    shares_j = [
        energy.dynamic_j
        for row in result.subjects
        for energy in row.total.energies
        if energy.domain == "gpu-0"
    ]
    assert counted.total_j > 50
    assert sum(shares_j) == pytest.approx(counted.total_j, rel=0.05)
    tests_j = sum(
        energy.dynamic_j
        for test in result.of(Kind.TEST)
        for energy in test.total.energies
        if energy.domain == "gpu-0"
    )
    assert tests_j > counted.total_j / 10, "most of what workers measured was spent in tests"
