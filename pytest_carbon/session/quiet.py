"""Quiet on one host: a suspect is measured again while no other worker runs a test."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

__all__ = ["Quiet"]

_PATIENCE_S = 20.0
_POLL_S = 0.005


class Quiet:
    """Two files that all workers of a run lock: shared to run a test, exclusive to confirm.

    Whoever waits to confirm holds ``turn``, which keeps others from starting their next test,
    until all have finished the one they run and so left ``busy``. The wait is bounded, since a
    test of another worker may hang. POSIX only.
    """

    def __init__(self, run_id: str) -> None:
        folder = Path(tempfile.gettempdir()) / f"pytest-carbon-{os.getuid()}-{run_id}"
        folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._folder = folder
        self._turn = os.open(folder / "turn", flags, 0o600)
        self._busy = os.open(folder / "busy", flags, 0o600)

    # Outside of everyone's timers: inside one, waiting would count as the test's own time.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Hold the shared lock while a test runs."""
        self._take_shared()
        try:
            return (yield)
        finally:
            self._free()

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Wait until every other worker is between two tests; whether that came about."""
        from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock

        flock(self._busy, LOCK_UN)
        deadline_s = time.monotonic() + _PATIENCE_S
        waiting = [self._turn, self._busy]
        while waiting and time.monotonic() < deadline_s:
            try:
                flock(waiting[0], LOCK_EX | LOCK_NB)
            except BlockingIOError:  # noqa: PERF203 - that is how a lock is polled
                time.sleep(_POLL_S)
            else:
                waiting.pop(0)
        try:
            yield not waiting
        finally:
            self._free()
            self._take_shared()

    def close(self) -> None:
        """Close the files; the last worker's folder is left empty."""
        for name, file in (("turn", self._turn), ("busy", self._busy)):
            os.close(file)
            (self._folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _take_shared(self) -> None:
        from fcntl import LOCK_SH, LOCK_UN, flock

        flock(self._turn, LOCK_SH)
        flock(self._busy, LOCK_SH)
        flock(self._turn, LOCK_UN)

    def _free(self) -> None:
        from fcntl import LOCK_UN, flock

        flock(self._busy, LOCK_UN)
        flock(self._turn, LOCK_UN)
