"""What a user's test could notice of the helper: nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="helpers need /proc"),
    pytest.mark.cold_start,
]

HAS_NO_CHILD = """
try:
    {call}
except ChildProcessError:
    print("nothing")
"""


def answer(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate()
    return output.strip()


@pytest.mark.parametrize("call", ["os.wait()", "os.waitpid(-1, 0)", "os.waitpid(-1, os.WNOHANG)"])
def test_there_is_no_child_to_wait_for(
    script: Callable[[str], subprocess.Popen[str]], call: str
) -> None:
    assert answer(script(HAS_NO_CHILD.format(call=call))) == "nothing"


def test_psutil_sees_no_children(script: Callable[[str], subprocess.Popen[str]]) -> None:
    lines = "import psutil; print(psutil.Process().children(recursive=True))"
    assert answer(script(lines)) == "[]"


def test_multiprocessing_sees_no_children(script: Callable[[str], subprocess.Popen[str]]) -> None:
    lines = "import multiprocessing; print(multiprocessing.active_children())"
    assert answer(script(lines)) == "[]"


@pytest.mark.skipif(shutil.which("pgrep") is None, reason="pgrep is not installed")
@pytest.mark.parametrize("relation", ["-P", "-g", "-s"])
def test_pgrep_sees_no_relative(
    script: Callable[[str], subprocess.Popen[str]], relation: str
) -> None:
    """Neither as a child, nor in the process group or session of the run."""
    lines = f"""
import subprocess
os.setsid()
listed = subprocess.run(["pgrep", {relation!r}, str(os.getpid())], capture_output=True, text=True)
print(str(probe.helper_pid) in listed.stdout.split())
"""
    assert answer(script(lines)) == "False"


def test_its_cpu_time_is_not_in_the_childrens(
    script: Callable[[str], subprocess.Popen[str]],
) -> None:
    lines = """
import resource
def children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
probe.edge()
before, seen = children(), probe.helper_cpu_s
end = time.monotonic() + 10
while probe.helper_cpu_s < seen + 0.002 and time.monotonic() < end:
    sum(range(5_000))
    probe.edge()
print(probe.helper_cpu_s >= seen + 0.002, children() - before)
"""
    assert answer(script(lines)) == "True 0.0"


def test_it_holds_no_file_of_the_run(script: Callable[[str], subprocess.Popen[str]]) -> None:
    """An inherited pipe end or lock would keep others waiting."""
    lines = """
while not probe.helper_cpu_s:  # It follows only once it has let go of all it was started with.
    probe.edge()
print(sorted(os.readlink(f"/proc/{probe.helper_pid}/fd/{fd}").split(":")[0].split("/")[1]
             for fd in os.listdir(f"/proc/{probe.helper_pid}/fd")))
print(os.readlink(f"/proc/{probe.helper_pid}/cwd"))
"""
    held, folder = answer(script(lines)).splitlines()
    assert held == "['dev', 'dev', 'dev', 'memfd', 'proc']"
    assert folder == "/"


def test_it_takes_none_of_the_runs_descriptors(
    script: Callable[[str], subprocess.Popen[str]],
) -> None:
    """Code that closes every descriptor meets no trouble, and makes none."""
    lines = """
os.closerange(3, 4096)
probe.edge()
print(probe.loss)
"""
    assert answer(script(lines)) == "None"


def test_the_priority_of_the_run_stays_as_it_was(
    script: Callable[[str], subprocess.Popen[str]],
) -> None:
    own = (os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0)))  # type: ignore[attr-defined, unused-ignore]
    lines = "print((os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))))"
    assert answer(script(lines)) == str(own)


ADOPTER = """
import ctypes, os, sys
sys.path.insert(0, {root!r})
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
from pytest_carbon.speed.selection import open_probe
probe, reasons = open_probe("auto")
print(probe.name)
print(reasons)
"""


def test_a_run_that_adopts_orphans_gets_no_helper_and_no_child() -> None:
    """As the first process of a container does: its tests would see the helper."""
    root = Path(__file__).resolve().parents[2]
    program = ADOPTER.format(root=str(root)) + HAS_NO_CHILD.format(call="os.wait()")
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    name, reasons, children = result.stdout.splitlines()
    assert name.startswith("edges-")
    assert "adopts orphans" in reasons
    assert children == "nothing"
