"""codecarbon goes on writing to our ``emissions.csv``, and its carbonboard shows it.

Needs the extra ``consumers``, best in an environment of its own, since codecarbon pulls in some
forty packages, one of them with an outdated pytest plugin::

    python -m pip install '.[test,consumers]' && python -m pytest -p no:dash tests/consumers
"""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.report.codecarbon_csv import COLUMNS, TASK_COLUMNS
from pytest_carbon.report.destination import Destination
from pytest_carbon.report.write import write_report
from tests.results import run_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

pytest.importorskip("codecarbon", reason="the extra 'consumers' is not installed")

TRACK = """
import sys
from codecarbon import OfflineEmissionsTracker

tracker = OfflineEmissionsTracker(
    country_iso_code="FRA", output_dir=".", on_csv_write=sys.argv[1], log_level="error",
    force_cpu_power=10, project_name="theirs",
)
tracker.start()
sum(range(10**6))
tracker.stop()
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ours(folder: Path) -> None:
    assert write_report(run_result(), Destination(kind="csv", path=folder / "emissions.csv")) == []


def theirs(folder: Path, mode: str) -> None:
    subprocess.run([sys.executable, "-c", TRACK, mode], cwd=folder, check=True, timeout=120)


def test_the_columns_are_codecarbon_s() -> None:
    from dataclasses import fields

    from codecarbon.output_methods.emissions_data import EmissionsData, TaskEmissionsData

    assert tuple(field.name for field in fields(EmissionsData)) == COLUMNS
    assert tuple(field.name for field in fields(TaskEmissionsData)) == TASK_COLUMNS


@pytest.mark.parametrize("mode", ["append", "update"])
def test_both_write_to_one_file_in_turn(tmp_path: Path, mode: str) -> None:
    ours(tmp_path)
    theirs(tmp_path, mode)
    ours(tmp_path)
    theirs(tmp_path, mode)
    found = rows(tmp_path / "emissions.csv")
    assert sorted(row["project_name"] for row in found) == ["shop", "shop", "theirs", "theirs"]
    assert list(tmp_path.glob("*.bak")) == []
    for row in found:
        kwh, kg = float(row["energy_consumed"]), float(row["emissions"])
        intensity = 473 if row["project_name"] == "shop" else 56.04
        assert 1000 * kg / kwh == pytest.approx(intensity, rel=0.01)


def test_ours_joins_a_file_of_theirs(tmp_path: Path) -> None:
    theirs(tmp_path, "append")
    ours(tmp_path)
    assert [row["project_name"] for row in rows(tmp_path / "emissions.csv")] == ["theirs", "shop"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def board(tmp_path: Path) -> Iterator[str]:
    """The address of a carbonboard that shows our rows."""
    ours(tmp_path)
    ours(tmp_path)
    program = shutil.which("carbonboard", path=Path(sys.executable).parent)
    if program is None:
        pytest.fail("carbonboard is part of codecarbon[carbonboard]")
    port = free_port()
    command = [program, f"--filepath={tmp_path / 'emissions.csv'}", f"--port={port}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}/"
    for _ in range(240):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            break
        except OSError:
            assert server.poll() is None, "carbonboard has ended"
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(20)


def test_carbonboard_shows_it(board: str, browser: Chrome) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    page: Any = browser
    page.get_log("performance")  # what other tests have asked for
    page.get(board)
    WebDriverWait(page, 60).until(lambda page: "shop" in page.find_element("tag name", "body").text)
    text = page.find_element("tag name", "body").text
    failed = [
        entry["message"]
        for entry in page.get_log("performance")
        if '"status":500' in entry["message"]
    ]
    if picture := os.environ.get("CARBONBOARD_PICTURE"):
        page.set_window_size(1200, 2000)
        time.sleep(3)
        page.save_screenshot(picture)
    assert "Carbon Footprint" in text
    assert failed == []
