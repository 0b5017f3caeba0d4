"""Commands that are asked to end, or are killed: nothing of ours goes on or stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_carbon import scratch
from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="sends signals"),
    pytest.mark.cold_start,
]

# Says that it hangs, and goes on for ever.
HANGS = """
import os, pathlib, time
from burn import burn

def test_hangs():
    here = pathlib.Path(__file__).parent
    if {when}:
        (here / "new").write_text(str(os.getpid()))
        (here / "new").rename(here / "hangs")
        time.sleep(1000)
    burn(0.05)
"""
CLI = (sys.executable, "-m", "pytest_carbon.cli.main")


def wait_until(happens: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 120
    while not happens():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def running(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a project whose code hangs; yields once it does."""
    (folder / "burn.py").write_text(BURN)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "tmp").mkdir()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # A shell's background jobs, and so all below them, are deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        wait_until((folder / "hangs").exists)
        yield process
    finally:
        process.kill()
        process.wait()


def left(folder: Path) -> list[str]:
    return [path.name for path in (folder / "tmp").glob("pytest-carbon-scratch-*")]


def hung(folder: Path) -> int:
    return int((folder / "hangs").read_text())


@pytest.mark.parametrize("command", ["prune", "baselines"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])  # type: ignore[attr-defined, unused-ignore]
def test_a_command_that_waits_for_pytest_ends_it(
    tmp_path: Path, command: str, number: signal.Signals
) -> None:
    (tmp_path / "conftest.py").write_text(
        "import os, pathlib, time\n"
        "pathlib.Path('new').write_text(str(os.getpid()))\n"
        "pathlib.Path('new').rename('hangs')\n"
        "time.sleep(1000)\n"
    )
    with running(tmp_path, *CLI, command) as process:
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        wait_until(lambda: is_gone(hung(tmp_path)))
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])  # type: ignore[attr-defined, unused-ignore]
def test_a_session_that_ends_in_a_look_ends_as_without_us(
    tmp_path: Path, number: signal.Signals
) -> None:
    source = HANGS.format(when="pathlib.Path('ran').exists()")
    (tmp_path / "test_hangs.py").write_text(f"{source}    pathlib.Path('ran').touch()\n")
    pytest_command = (sys.executable, "-m", "pytest", "--carbon", "--carbon-update")
    with running(tmp_path, *pytest_command) as process:
        look = hung(tmp_path)
        assert look != process.pid
        process.send_signal(number)
        assert process.wait(60) == -number
        wait_until(lambda: is_gone(look))
    assert left(tmp_path) == []


def test_what_a_killed_run_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS.format(when="True"))
    with running(tmp_path, *CLI, "refresh") as process:
        process.kill()
        process.wait()
        assert len(left(tmp_path)) == 1
        assert not is_gone(hung(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        scratch.remove_stale()
        wait_until(lambda: is_gone(hung(tmp_path)))
    assert left(tmp_path) == []


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*CLI, "intensity"], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert done.returncode == 128 + signal.SIGPIPE  # type: ignore[attr-defined, unused-ignore]
    assert done.stderr == b""
