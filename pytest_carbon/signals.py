"""Requests to end: what CI systems and closing terminals send becomes an exception, once.

So that whoever has started something can end it. Later requests wait until that is done, which is
bounded in time.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["EndedBySignal", "ended_by_signals", "held"]

_NAMES = ("SIGTERM", "SIGHUP")


class EndedBySignal(BaseException):
    """A request to end this process, by the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Requests:
    """What was asked, and whether it may be heard just now."""

    def __init__(self) -> None:
        self.heard = False
        self.holds = 0
        self.waiting: int | None = None

    def hear(self, number: int, _frame: FrameType | None = None) -> None:
        if self.heard:
            return
        if self.holds:
            self.waiting = number
            return
        self.heard = True
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise EndedBySignal(number)


_requests = _Requests()


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hear requests only afterwards: for what must not be left half done, like a start."""
    _requests.holds += 1
    try:
        yield
    finally:
        _requests.holds -= 1
    waiting, _requests.waiting = _requests.waiting, None
    if waiting is not None:
        _requests.hear(waiting)


@contextlib.contextmanager
def ended_by_signals(*, interrupts: bool = False) -> Iterator[None]:
    """Raise ``EndedBySignal`` for SIGTERM and SIGHUP where nobody else has said what they do.

    What nohup or a shell ignores stays ignored. With ``interrupts`` Ctrl-C, too, is heard once, so
    that a second one does not disturb the tidying.
    """
    if System.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    if interrupts and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        heard.append(signal.SIGINT)
    if heard:
        _requests.heard = False
    before = {number: signal.signal(number, _requests.hear) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
