"""The CPU time of workers, who share a parent."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pytest_carbon.clocks.siblings import RunBusy
from pytest_carbon.system import System

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

# As execnet starts workers: it reads what to do, and says when it has burnt.
WORKER = [
    sys.executable,
    "-uc",
    "import sys; [exec(line) for line in iter(sys.stdin.readline, '')]",
]
BURN = "import time\\nwhile time.process_time() < 0.2: pass\\nprint('burnt')"


def test_workers_beside_this_one_count_and_other_children_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # To this process its children are what a worker's siblings are to it.
    monkeypatch.setattr(System, "getppid", os.getpid)
    plain = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    worker = subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdin is not None
        assert worker.stdout is not None
        # What has not begun yet is found out later, and both have.
        worker.stdin.write("print()\n")
        worker.stdin.flush()
        worker.stdout.readline()
        busy = RunBusy()
        assert busy.is_known
        before_ns = busy.read_ns(0)
        worker.stdin.write(f'exec("{BURN}")\n')
        worker.stdin.flush()
        worker.stdout.readline()
        spent_ns = busy.read_ns(7) - before_ns
        assert 100_000_000 < spent_ns < 400_000_000
    finally:
        for process in (plain, worker):
            process.kill()
            process.communicate()
    last_ns = busy.read_ns(0)
    assert last_ns >= before_ns, "what has ended stays counted"


def test_alone_there_is_nothing_to_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(System, "getppid", os.getpid)
    assert not RunBusy().is_known
