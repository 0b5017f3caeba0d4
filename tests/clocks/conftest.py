"""Processes that burn a known CPU time, to hold a clock against."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BURN = """
import os, sys, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


class Child:
    """A Python process under test control: it says what it burnt, and ends when told."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", BURN + textwrap.dedent(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> float:
        """The next number that the process prints: CPU seconds, by its own account."""
        assert self.process.stdout is not None
        return float(self.process.stdout.readline())

    def leave(self) -> None:
        """Let the process end, and wait for it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def child() -> Iterator[Callable[[str], Child]]:
    children: list[Child] = []

    def start(program: str) -> Child:
        children.append(Child(program))
        return children[-1]

    yield start
    for one in children:
        one.leave()


@pytest.fixture
def burn() -> Callable[[float], None]:
    def until(seconds: float) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return until
