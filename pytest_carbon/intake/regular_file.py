"""Read a file that somebody else may have made: a regular one, and no more than can be borne.

A pipe would be waited for, a device may never end, and what is a link may lead to either.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Content", "Identity", "identity_of", "read_regular"]

Identity = tuple[int, int, int, int]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Content(NamedTuple):
    """A file's bytes, and what tells whether it is still the same file."""

    data: bytes
    identity: Identity


def identity_of(status: os.stat_result) -> Identity:
    """What changes when a file is replaced or written."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def read_regular(path: Path, *, most_bytes: int) -> Content:
    """The content of a regular file, or of one that a link leads to.

    Raises ``OSError``, whose ``strerror`` says in words what is wrong, for anything else, and for
    a file of more than ``most_bytes``.
    """
    # Before it is opened, since opening a device may do something.
    _check(path.stat(), path, most_bytes)
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    # Whatever has taken its place meanwhile: opening and reading it must not wait.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        status = os.fstat(descriptor)
        _check(status, path, most_bytes)
        # Its size may be a lie, as in /proc, or grow.
        data = file.read(most_bytes + 1)
    if data is None:
        raise OSError(errno.EAGAIN, "reading it would wait for somebody else", str(path))
    if len(data) > most_bytes:
        raise _too_large(path, most_bytes)
    return Content(data, identity_of(status))


def _check(status: os.stat_result, path: Path, most_bytes: int) -> None:
    mode = status.st_mode
    if not stat.S_ISREG(mode):
        words = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
        raise OSError(errno.EINVAL, f"it is {words}, not a regular file", str(path))
    if status.st_size > most_bytes:
        raise _too_large(path, most_bytes)


def _too_large(path: Path, most_bytes: int) -> OSError:
    words = f"it has more than {most_bytes:,} bytes, the most that is read of such a file"
    return OSError(errno.EFBIG, words, str(path))
