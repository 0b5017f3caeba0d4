"""The resident memory of this process, cheap enough to ask at every edge."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ResidentMemory"]

_FRESH_NS = 10_000_000


class ResidentMemory:
    """Remembers its last answer for 10 ms: memory changes slowly next to short tests.

    ``is_known`` is false where the system tells nothing: a chroot without ``/proc``.
    """

    def __init__(
        self,
        path: Path = Path("/proc/self/statm"),
        *,
        clock_ns: Callable[[], int] = System.monotonic_ns,
    ) -> None:
        self._clock_ns = clock_ns
        self._file: int | None = None
        try:
            self._file = out_of_reach(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)))
        except OSError:
            self._ask = _psutil_reader()
        else:
            self._ask = self._read_statm
            self._page_bytes = os.sysconf("SC_PAGE_SIZE")  # type: ignore[attr-defined, unused-ignore]
        self._pread = System.pread
        self._name = path.name
        self._bytes = self._first()
        self._at_ns = clock_ns()

    @property
    def is_known(self) -> bool:
        """Whether there is any answer."""
        return self._bytes is not None

    def _first(self) -> int | None:
        try:
            return self._ask()
        except (OSError, ValueError, IndexError):
            return None

    def read_bytes(self) -> int | None:
        """Resident bytes, at most 10 ms old; the last ones known where they cannot be read."""
        if self._bytes is None:
            return None
        now_ns = self._clock_ns()
        if now_ns - self._at_ns >= _FRESH_NS:
            with contextlib.suppress(OSError, ValueError, IndexError):
                self._bytes = self._ask()
            self._at_ns = now_ns
        return self._bytes

    def close(self) -> None:
        """Close the file; may be called twice."""
        if self._file is not None:
            close_own(self._file, self._name)
            self._file = None

    def _read_statm(self) -> int:
        if self._file is None or self._pread is None:
            raise OSError(errno.EBADF, "closed")
        # proc(5): the second figure is the resident set, in pages.
        return int(self._pread(self._file, 128, 0).split(None, 2)[1]) * self._page_bytes  # type: ignore[no-any-return, unused-ignore]


def _psutil_reader() -> Callable[[], int]:
    import psutil

    def ask() -> int:
        try:
            return int(psutil.Process().memory_info().rss)
        except (psutil.Error, NotImplementedError) as error:
            raise OSError(errno.ENOENT, str(error)) from error

    return ask
