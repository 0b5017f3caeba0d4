"""Runs over a powercap tree whose counter follows real time, or stops doing so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Carbon = Callable[..., pytest.RunResult]

if sys.platform != "linux":
    pytest.skip("powercap is Linux's", allow_module_level=True)

POWER_W = 30.0  # type: ignore[unreachable, unused-ignore]


class Package:
    """One package that draws 30 W for as long as its counter is not told to stop."""

    def __init__(self, root: Path) -> None:
        self.root = root
        zone = root / "intel-rapl:0"
        zone.mkdir(parents=True)
        (zone / "name").write_text("package-0\n")
        (zone / "max_energy_range_uj").write_text("262143328850\n")
        self.stop = root / "stop"
        self._file = os.open(zone / "energy_uj", os.O_WRONLY | os.O_CREAT)
        self._over = threading.Event()
        self._write()
        self._thread = threading.Thread(target=self._run)

    def _write(self) -> None:
        os.pwrite(self._file, b"%20d\n" % int(time.monotonic() * POWER_W * 1e6), 0)

    def _run(self) -> None:
        while not self._over.wait(0.0005):
            if not self.stop.exists():
                self._write()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._file)


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Package]:
    one = Package(tmp_path / "powercap")
    yield one
    one.close()


SUITE = """
import pathlib, pytest
from burn import burn

@pytest.mark.carbon_budget(j=100)
def test_it():
    burn(0.3)
"""

STOPPING = SUITE.replace("    burn(0.3)", "    pathlib.Path({stop!r}).touch()\n    burn(0.5)")


def test_a_tree_that_is_named_is_measured(
    pytester: pytest.Pytester, carbon: Carbon, package: Package
) -> None:
    package.start()
    pytester.makepyfile(SUITE)
    result = carbon("-v", f"--carbon-powercap={package.root}")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*carbon: RAPL counters package-0;*", "*package-0 * (measured)*"])


def test_a_counter_that_stands_still_is_said_to_and_the_model_stands_in(
    pytester: pytest.Pytester, carbon: Carbon, package: Package
) -> None:
    pytester.makepyfile(SUITE)
    result = carbon("-q", f"--carbon-powercap={package.root}")
    assert result.ret == 0
    said = [line for line in result.outlines if "no rapl:" in line]
    assert len(said) == 1
    assert "package-0 stands still while the CPU works" in said[0]
    assert "see the kernel's log" in said[0], "the remedy"
    loud = carbon(f"--carbon-powercap={package.root}")
    loud.stdout.fnmatch_lines(["carbon: modelled, *"])


def test_a_budget_on_joules_that_stopped_coming_fails(
    pytester: pytest.Pytester, carbon: Carbon, package: Package
) -> None:
    package.start()
    pytester.makepyfile(STOPPING.format(stop=str(package.stop)))
    result = carbon(f"--carbon-powercap={package.root}")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*rapl*the counter stood still *"], consecutive=False)
    assert "test_it" in result.stdout.str()


@pytest.mark.parametrize("root", ["nowhere", "."])
def test_a_folder_that_is_no_tree_ends_the_run_before_any_test(
    pytester: pytest.Pytester, carbon: Carbon, root: str
) -> None:
    pytester.makepyfile(SUITE)
    result = carbon(f"--carbon-powercap={root}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--carbon-powercap=*: no RAPL package zone is there*"])
    assert "test_it" not in result.stdout.str()


needs_mounts = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare"
)


@needs_mounts
def test_where_the_hosts_cpu_time_is_hidden_the_environment_says_so(
    pytester: pytest.Pytester, package: Package
) -> None:
    """As lxcfs does, a file of another file system lies over /proc/stat."""
    package.start()
    pytester.makepyfile("def test_it(): sum(range(3_000_000))")
    stat = Path("/proc/stat").read_text()
    (pytester.path / "stat").write_text(stat)
    command = [
        *(
            "unshare",
            "-m",
            "sh",
            "-c",
            f'mount --bind {pytester.path}/stat /proc/stat && exec "$@"',
            "-",
        ),
        *(sys.executable, "-m", "pytest", "--carbon", "-v", f"--carbon-powercap={package.root}"),
        "--carbon-report=json:run.json",
    ]
    done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the CPU time of the whole host is hidden" in done.stdout
    assert '"rapl-unshared+model-memory"' in (pytester.path / "run.json").read_text()
