"""Live progress on the terminal; a line now and then where there is none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from pytest_carbon.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Progress"]

_LIVE_EVERY_S = 0.2
_LOG_EVERY_S = 20.0


class Progress:
    """Says what goes on, how much is left, and how long that is expected to take."""

    def __init__(self, stream: TextIO, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock_s = clock_s
        self._is_live = stream.isatty()
        self._stage = ""
        self._next_s = 0.0
        self._shown = 0

    def stage(self, text: str) -> None:
        """A new thing begins."""
        self._stage = text
        self._show(text)

    def step(self, stage: str, done: int, total: int, left_s: float | None = None) -> None:
        """``done`` of ``total`` are done, the rest takes ``left_s`` as far as is known."""
        now_s = self._clock_s()
        if stage == self._stage and now_s < self._next_s:
            return
        expected = f", about {format_duration(left_s)}" if left_s and done else ""
        self._stage = stage
        self._show(f"{stage}: {total - done} of {total} left{expected}")

    def _show(self, text: str) -> None:
        self._next_s = self._clock_s() + (_LIVE_EVERY_S if self._is_live else _LOG_EVERY_S)
        if self._is_live:
            self._stream.write(f"\r{text.ljust(self._shown)}")
            self._shown = len(text)
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def done(self) -> None:
        """Leave the terminal as a report expects it; may be called twice."""
        if self._is_live and self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._stream.flush()
            self._shown = 0
