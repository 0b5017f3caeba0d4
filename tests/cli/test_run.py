"""``pytest-carbon run``: any command, with the processes that it starts."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.resultfile.file import read_result
from tests.conftest import BURN

if TYPE_CHECKING:
    from pathlib import Path

RUN = [sys.executable, "-m", "pytest_carbon.cli.main", "run"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "burn.py").write_text(BURN)
    return subprocess.run(
        [*RUN, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


TREE = """
import subprocess, sys
from burn import burn
burn(0.3)
subprocess.run([sys.executable, "-c", "from burn import burn; burn(0.4)"], check=True)
subprocess.Popen([sys.executable, "-c", "from burn import burn; burn(0.3)"]).wait()
print("done")
"""


def test_the_whole_process_tree_is_measured(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "--name=tree",
        "--report=csv:emissions.csv",
        "--report=json:run.json",
        "--",
        sys.executable,
        "-c",
        TREE,
    )
    assert done.returncode == 0
    assert done.stdout == "done\n"
    assert "carbon: tree ended with exit status 0" in done.stderr
    assert re.search(r"carbon: total: .*J, .*g CO2e in 1\.\d+ s of CPU time", done.stderr)
    result = read_result(tmp_path / "run.json")
    assert result.total is not None
    # Three interpreters start, at a few hundredths of a second each.
    assert 0.95 < result.total.cpu_s < 1.35
    with (tmp_path / "emissions.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["project_name"] == "tree"
    assert float(row["energy_consumed"]) * 3_600_000 == pytest.approx(result.total.energy_j)


def test_the_exit_status_is_the_commands(tmp_path: Path) -> None:
    assert run(tmp_path, "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    leaves = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    done = run(tmp_path, "--", sys.executable, "-c", leaves)
    assert done.returncode == 128 + signal.SIGKILL  # type: ignore[attr-defined, unused-ignore]
    assert "carbon: total:" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])  # type: ignore[attr-defined, unused-ignore]
def test_a_command_that_is_told_to_end_is_still_measured(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "burn.py").write_text(BURN)
    code = """
import signal, sys, time
def end(number, frame): sys.exit(5)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGHUP, end)
print("ready", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen(
        [*RUN, "--", sys.executable, "-c", code],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    if number is signal.SIGINT:
        # As a terminal does.
        os.killpg(process.pid, number)  # type: ignore[attr-defined, unused-ignore]
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 5
    assert "carbon: total:" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "pytest-carbon run names no command: write it behind --, like"),
        (("--",), "pytest-carbon run names no command: write it behind --, like"),
        (("python",), "unrecognized arguments: python"),
        (("--", "./missing"), "./missing cannot be run: No such file or directory: name"),
        (("--", "."), ". cannot be run: Permission denied: name"),
        (("--report=steam:x", "--", "true"), "--report=steam:x: 'steam' is no kind of report"),
        (("--report=csv:.", "--", "true"), "is a folder: name a file"),
    ],
)
def test_what_cannot_be_run(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 4
    assert message in done.stderr.splitlines()[-1]
    assert not done.stdout
