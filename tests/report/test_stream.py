"""Reports that go to pipes and devices: written without being read, and never waited for."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_carbon.errors import ReportError
from pytest_carbon.report.destination import Destination, probe
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.stream import write_stream
from pytest_carbon.report.write import write_report
from pytest_carbon.resultfile.file import write_result
from tests.results import run_result

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has neither pipes nor devices")


def written(kind: str, path: Path) -> list[str]:
    destination = Destination(kind, path)
    probe(destination)
    return write_report(run_result(), destination)


def report(folder: Path, *arguments: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    path = folder / "result.json"
    path.write_text(write_result(run_result()), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "report", str(path), *arguments]
    return subprocess.run(command, check=False, timeout=60, stdout=stdout, stderr=subprocess.PIPE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_into_a_pipe(kind: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # type: ignore[attr-defined, unused-ignore]
    texts: list[bytes] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read_bytes()))
    reader.start()
    assert written(kind, pipe) == []
    reader.join(timeout=30)
    assert texts == [KINDS[kind].render(run_result()).encode()]


def test_a_pipe_that_nobody_reads_is_one_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # type: ignore[attr-defined, unused-ignore]
    with pytest.raises(OSError, match=r"nobody reads it \(0\.05 s\)"):
        write_stream(pipe, b"text", patience_s=0.05)


def test_a_reader_that_stops_reading_is_one_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # type: ignore[attr-defined, unused-ignore]
    descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # type: ignore[attr-defined, unused-ignore]
    try:
        with pytest.raises(OSError, match=r"nobody has read it for 0\.05 s"):
            write_stream(pipe, b"x" * 2**21, patience_s=0.05)
    finally:
        os.close(descriptor)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("kind", ["csv", "markdown-append", "json", "html"])
def test_a_device_that_is_full_is_one_error(kind: str) -> None:
    with pytest.raises(ReportError, match="/dev/full: No space left on device"):
        written(kind, Path("/dev/full"))


def test_a_row_goes_to_standard_output_as_a_pipe(tmp_path: Path) -> None:
    done = report(tmp_path, "--to=csv:/dev/stdout", stdout=subprocess.PIPE)
    assert done.returncode == 0
    [row] = csv.DictReader(done.stdout.decode().splitlines())
    assert row["project_name"] == "shop"


def test_standard_output_that_is_a_file_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "output.txt"
    with target.open("wb") as file:
        file.write(b"before\n")
        file.flush()
        inode = os.fstat(file.fileno()).st_ino
        arguments = ("--to=json:/dev/stdout", "--to=csv:/dev/stdout")
        assert report(tmp_path, *arguments, stdout=file.fileno()).returncode == 0
    assert target.stat().st_ino == inode
    lines = target.read_text().splitlines()
    assert lines[0] == "before"
    assert lines[1] == "{"
    assert lines[-2].startswith("timestamp,project_name,")


def test_a_blank_first_line_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    written("csv", path)
    path.write_text("\n" + path.read_text())
    written("csv", path)
    rows = list(csv.DictReader(path.read_text().strip().splitlines()))
    assert [row["project_name"] for row in rows] == ["shop", "shop"]
