"""Calls what may block in a thread of its own, and waits only so long."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING, Any

from pytest_carbon.forks import THREADS, hold_at_forks
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Caller"]

_FORK_WAIT_S = 1.0


class Caller:
    """One call at a time, whoever asks: the run's thread and the one that polls.

    The thread ends before a fork and begins anew with the next call, so that a test which forks
    does so in a process without threads of ours, and a forked process can call, too.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pid = System.getpid()
        self._lock = threading.Lock()
        self._is_held = False
        self._stuck = ""
        self._thread: threading.Thread | None = None
        self._asked, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._call: Callable[[], Any] | None = None
        self._answer: Any = None
        self._error: BaseException | None = None
        hold_at_forks(self)

    def call(self, function: Callable[[], Any], patience_s: float, what: str) -> Any:
        """The function's answer; raises ``OSError`` where it fails or does not answer in time."""
        if self._pid != System.getpid():  # forked by a library that tells nobody
            self._forget()
        with self._lock:
            if self._stuck:
                raise OSError(errno.ETIMEDOUT, self._stuck)
            if self._thread is None:
                self._start()
            self._call = function
            self._asked.release()
            if not self._done.acquire(timeout=patience_s):
                self._stuck = f"{what} has not returned after {patience_s:g} s"
                raise OSError(errno.ETIMEDOUT, self._stuck)
            answer, error = self._answer, self._error
            self._answer = self._error = None
        if error is not None:
            text = str(error) or "no message"
            raise OSError(errno.EIO, f"{what} raised {type(error).__name__}: {text}") from None
        return answer

    def before_fork(self) -> None:
        """End the thread, unless it hangs or is the one that forks."""
        if self._thread is System.current_thread():
            return
        self._is_held = self._lock.acquire(timeout=_FORK_WAIT_S)
        if self._is_held and self._thread is not None and not self._stuck:
            self._call = None
            self._asked.release()
            self._thread.join(_FORK_WAIT_S)
            self._thread = None

    def after_fork(self) -> None:
        """Let others call again, in both processes."""
        if self._is_held:
            self._is_held = False
            self._lock.release()
        elif self._pid != System.getpid():
            self._forget()
        self._pid = System.getpid()

    def resume(self) -> None:
        """Nothing: the next call starts the thread."""

    def _forget(self) -> None:
        # Neither the thread nor whoever held the lock is in this process.
        self._pid = System.getpid()
        self._lock = threading.Lock()
        self._thread = None

    def _start(self) -> None:
        self._asked, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(
            target=self._serve, name=f"{THREADS}{self._name}", daemon=True
        )
        self._thread.start()

    def _serve(self) -> None:
        asked, done = self._asked, self._done
        while True:
            asked.acquire()
            call = self._call
            if call is None:
                return
            try:
                self._answer, self._error = call(), None
            except BaseException as error:  # noqa: BLE001 - told to who asked
                self._answer, self._error = None, error
            done.release()
