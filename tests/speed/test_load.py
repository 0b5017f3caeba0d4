"""A load on the other cores, which never outlives whoever asked for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from pytest_carbon.speed.load import load, other_cores


def test_it_burns_meanwhile_and_is_gone_afterwards() -> None:
    before = set(psutil.Process().children())
    with load(2):
        burning = set(psutil.Process().children()) - before
        time.sleep(0.5)
        assert len(burning) == 2
        assert all(sum(process.cpu_times()[:2]) > 0 for process in burning)
    assert not any(process.is_running() for process in burning)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell that a parent is gone")
def test_it_ends_with_a_process_that_is_killed() -> None:
    code = (
        "import os, psutil, signal\n"
        "from pytest_carbon.speed.load import load\n"
        "with load(1):\n"
        "    print(psutil.Process().children()[0].pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    pid = int(killed.stdout)
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    pytest.fail("it burns on")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which cores are allowed")
def test_the_cores_that_this_process_may_not_use_do_not_count() -> None:
    allowed = os.sched_getaffinity(0)  # type: ignore[attr-defined, unused-ignore]
    assert other_cores() == len(allowed) - 1
    os.sched_setaffinity(0, {min(allowed)})  # type: ignore[attr-defined, unused-ignore]
    try:
        assert other_cores() == 0
    finally:
        os.sched_setaffinity(0, allowed)  # type: ignore[attr-defined, unused-ignore]
