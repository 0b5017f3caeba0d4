"""Users without a name or a home, and systems that show little of themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("these systems are Linux's", allow_module_level=True)

from tests.conftest import plugins_off  # type: ignore[unreachable, unused-ignore]
from tests.nobody import AS_NOBODY, needs_root, open_to_all

if TYPE_CHECKING:
    from pathlib import Path

    Run = subprocess.CompletedProcess[str]

SUITE = """
import subprocess, sys

def burn():
    subprocess.run([sys.executable, "-S", "-c", "sum(range(5_000_000))"], check=True)

def test_it():
    burn()
"""
MAIN = "import sys; from pytest_carbon.cli.main import main; sys.exit(main())"

pytestmark = needs_root

# As these users have no environment that would say so.
FEW = plugins_off().split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_it.py").write_text(SUITE)
    return open_to_all(tmp_path)


def run(folder: Path, *command: str) -> Run:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def suite(*options: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "--carbon", "-p", "no:cacheprovider", *FEW, *options]


def with_proc(how: str, command: list[str]) -> list[str]:
    """The command where another file system lies over /proc."""
    return [
        "unshare",
        "-m",
        "-p",
        "-f",
        "sh",
        "-c",
        f'mount {how} /proc && exec "$@"',
        "-",
        *command,
    ]


def test_a_user_without_a_name_or_a_home_measures_like_others(folder: Path) -> None:
    done = run(folder, *AS_NOBODY, *suite())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 new" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["doctor", "--no-noise"], ["run", "--", "true"], ["intensity"]]
)
def test_commands_work_for_a_user_without_a_name_or_a_home(
    folder: Path, arguments: list[str]
) -> None:
    done = run(folder, *AS_NOBODY, sys.executable, "-c", MAIN, *arguments)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_path_in_a_home_that_there_is_not_is_an_error_of_the_setting(folder: Path) -> None:
    done = run(folder, *AS_NOBODY, *suite("--carbon-report=json:~/carbon.json"))
    assert done.returncode == 4
    assert "write the whole path, or set HOME" in done.stderr


def test_without_proc_only_memory_is_unknown(folder: Path) -> None:
    done = run(folder, *with_proc("-t tmpfs none", suite("-rA", "--carbon-strict")))
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert re.search(r"carbon: .*not measured here: .*\bmemory\b", done.stdout)
    assert "memory ≈" not in done.stdout


@pytest.mark.parametrize("clock", ["perf", "descendants", "psutil"])
def test_processes_that_may_not_be_looked_at_do_not_end_measuring(folder: Path, clock: str) -> None:
    command = [*AS_NOBODY, *suite(f"--carbon-clock={clock}")]
    done = run(folder, *with_proc("-t proc -o hidepid=1 proc", command))
    if "cannot be used here" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unknown" not in done.stdout
    assert "1 new" in done.stdout
