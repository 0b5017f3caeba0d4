"""Real helpers, shared pages, and scripts that hold a helper of their own."""

from __future__ import annotations

import mmap
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.speed.board import BOARD_BYTES, Board
from pytest_carbon.speed.target import parse_stat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")

ROOT = Path(__file__).resolve().parents[2]

OPEN = """
import os, sys, time
sys.path.insert(0, {root!r})
from pytest_carbon.speed.selection import open_probe
probe, reasons = open_probe("auto")
assert not reasons, reasons
"""


class Clock:
    """A monotonic clock that can be put forward."""

    def __init__(self, now_ns: int | None = None) -> None:
        self.now_ns = now_ns
        self.ahead_ns = 0

    def __call__(self) -> int:
        return (time.monotonic_ns() if self.now_ns is None else self.now_ns) + self.ahead_ns


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet reaped does not."""
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_bytes())[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Wait until a process has ended; ``False`` if it has not after ten seconds."""

    def wait(pid: int) -> bool:
        for _ in range(1_000):
            if not is_alive(pid):
                return True
            time.sleep(0.01)
        return False

    return wait


@pytest.fixture
def page() -> Iterator[mmap.mmap]:
    """A page of shared memory without a helper."""
    with mmap.mmap(-1, BOARD_BYTES) as memory:
        yield memory


@pytest.fixture
def board(page: mmap.mmap) -> Board:
    """A board without a helper."""
    return Board(page)


@pytest.fixture
def script() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Run lines of Python in a process that has opened ``probe``."""
    processes: list[subprocess.Popen[str]] = []

    def start(lines: str) -> subprocess.Popen[str]:
        program = OPEN.format(root=str(ROOT)) + lines
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
