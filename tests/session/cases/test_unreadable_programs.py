"""Programs that an ordinary user may run but not read, which perf events do not see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result
from tests.conftest import plugins_off
from tests.nobody import AS_NOBODY, needs_root, open_to_all

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_root

MODES = {"readable": 0o755, "execute-only": 0o711, "set-uid": 0o4711, "set-gid": 0o2711}

SUITE = """
import os, subprocess, time
import pytest
from times import TIMES

HERE = os.path.dirname(__file__)
LEFT = []

def start(program, then=""):
    # Without the right to read everything, which this process may have to find its interpreter.
    line = " && ".join([f"{HERE}/{program} -9 -c {HERE}/data"] * TIMES)
    drop = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "sh", "-c", line + then]
    return subprocess.Popen(drop, stdout=subprocess.PIPE)

@pytest.mark.parametrize("program", PROGRAMS)
def test_waited_for(program):
    start(program).communicate()

@pytest.mark.parametrize("program", PROGRAMS)
def test_ended(program):
    process = start(program)
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    LEFT.append(process)

@pytest.mark.parametrize("program", PROGRAMS)
def test_below_a_living_shell(program):
    process = start(program, "; echo end; exec sleep 60")
    while not process.stdout.read1().endswith(b"end\\n"): pass
    LEFT.append(process)

def test_last():
    for process in LEFT:
        process.kill()
        process.communicate()
"""


@pytest.fixture
def programs(tmp_path: Path) -> list[str]:
    """The names of some that do the same work, in a folder with a suite that runs them."""
    open_to_all(tmp_path)
    gzip = shutil.which("gzip")
    assert gzip is not None
    for name, mode in MODES.items():
        shutil.copy(gzip, tmp_path / name)
        (tmp_path / name).chmod(mode)
    names = list(MODES)
    if shutil.which("setcap"):
        able = tmp_path / "with-capabilities"
        shutil.copy(gzip, able)
        able.chmod(0o755)
        done = subprocess.run(["setcap", "cap_net_raw+ep", str(able)], check=False)
        names += ["with-capabilities"] * (done.returncode == 0)
    (tmp_path / "data").write_bytes(os.urandom(1 << 20) * 3)
    (tmp_path / "data").chmod(0o644)
    (tmp_path / "times.py").write_text("TIMES = 1\n")
    (tmp_path / "test_it.py").write_text(SUITE.replace("PROGRAMS", repr(names)))
    return names


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    addopts = f"PYTEST_ADDOPTS={plugins_off()} -p no:cacheprovider"
    # The interpreter's packages may be readable to root alone, and git distrusts other people's.
    git = ["GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"]
    return subprocess.run(
        [*AS_NOBODY, addopts, *git, sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "two workers"])
def test_they_cost_what_others_cost(
    tmp_path: Path, programs: list[str], workers: tuple[str, ...]
) -> None:
    done = run(tmp_path, "-m", "pytest", "--carbon", "--carbon-report=json:carbon.json", *workers)
    assert done.returncode == 0, done.stdout + done.stderr
    costs: dict[str, dict[str, float]] = defaultdict(dict)
    for test in read_result(tmp_path / "carbon.json").of(Kind.TEST):
        found = re.fullmatch(r"test_it\.py::(\w+)\[(.+)\]", test.subject.id)
        if found:
            assert test.total is not None
            costs[found[1]][found[2]] = test.total.cpu_s
    assert [len(by_program) for by_program in costs.values()] == [len(programs)] * 3
    truly_s = median(by_program["readable"] for by_program in costs.values())
    assert truly_s > 0.02
    for by_program in costs.values():
        for name, cpu_s in by_program.items():
            assert 0.25 < cpu_s / truly_s < 4, (name, costs)


def test_a_command_that_is_one_costs_what_others_cost(tmp_path: Path, programs: list[str]) -> None:
    costs = {}
    for name in programs:
        report = tmp_path / f"{name}.json"
        # In the place of its shell, and below one.
        line = f"./{name} -9 -c data >out; exec ./{name} -9 -c data >out"
        drop = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "sh", "-c", line]
        command = "import sys; from pytest_carbon.cli.main import main; sys.exit(main())"
        done = run(tmp_path, "-c", command, "run", f"--report=json:{report}", "--", *drop)
        assert done.returncode == 0, done.stderr
        total = read_result(report).total
        assert total is not None
        costs[name] = total.cpu_s
    for cpu_s in costs.values():
        assert 0.25 < cpu_s / costs["readable"] < 4, costs
