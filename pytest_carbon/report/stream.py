"""Files that are written to and never read: pipes, devices, and the descriptors of this process."""

from __future__ import annotations

import errno
import os
import re
import select
import stat
import sys
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_folder", "is_stream", "write_stream", "write_whole"]

_OPEN = re.compile(r"/dev/(?:std(?P<name>in|out|err)|fd/(?P<number>\d+))|/proc/self/fd/(?P<n>\d+)")
_NAMES = {"in": 0, "out": 1, "err": 2}

# What a pipe takes at once where it takes anything (POSIX's least is 512, Linux's 4096).
_PIECE = 512

# Whoever reads a pipe may come late, or be slow; who has read nothing for so long does not read.
_PATIENCE_S = 20.0
_POLL_S = 0.02


def _descriptor(path: Path) -> int | None:
    """The number of an open descriptor that a path stands for: ``/dev/stdout``, ``/dev/fd/3``."""
    match = _OPEN.fullmatch(str(path)) if os.name == "posix" else None
    if match is None:
        return None
    return _NAMES[match["name"]] if match["name"] else int(match["number"] or match["n"])


def is_stream(path: Path) -> bool:
    """Whether what is written there goes on at once, and is not to be read or replaced."""
    if _descriptor(path) is not None:
        return True
    with suppress(OSError):
        mode = path.stat().st_mode
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    return False


def is_folder(path: Path) -> bool:
    """Whether it is a folder. Raises ``OSError`` for what can be no file: a circle of links."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False


def write_whole(path: Path, text: str) -> None:
    """Write a file, or to what takes it at once. Raises ``OSError`` where it cannot be written."""
    data = text.encode("utf-8", "backslashreplace")
    if is_stream(path):
        write_stream(path, data)
    else:
        path.write_bytes(data)


def write_stream(path: Path, data: bytes, *, patience_s: float = _PATIENCE_S) -> None:
    """Write all of ``data``. Raises ``OSError`` where nobody takes it."""
    number = _descriptor(path)
    if number is not None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(ValueError):
                stream.flush()
        descriptor = os.dup(number)
    else:
        descriptor = _opened(path, patience_s)
    try:
        if os.name != "posix":
            _write_all(descriptor, data)
        else:
            _write_in_time(descriptor, data, patience_s)
    finally:
        os.close(descriptor)


def _opened(path: Path, patience_s: float) -> int:
    """A descriptor to write to. A pipe without a reader is refused after a while."""
    until_s = monotonic() + patience_s
    while True:
        try:
            return os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if monotonic() > until_s:
                raise TimeoutError(errno.ENXIO, f"nobody reads it ({patience_s:g} s)") from None
        sleep(_POLL_S)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _write_in_time(descriptor: int, data: bytes, patience_s: float) -> None:
    rest = memoryview(data)
    poll = select.poll()  # type: ignore[attr-defined, unused-ignore]
    poll.register(descriptor, select.POLLOUT)  # type: ignore[attr-defined, unused-ignore]
    while rest:
        if not poll.poll(1000 * patience_s):
            raise TimeoutError(0, f"nobody has read it for {patience_s:g} s")
        with suppress(BlockingIOError):
            rest = rest[os.write(descriptor, rest[:_PIECE]) :]
