"""Descriptors of ours, kept where tests neither close them by the number nor get them back."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["close_own", "out_of_reach"]

# Programs close the first 256 descriptors, or 1,024, and the system gives the lowest free one away.
_HIGHEST = 4096
_LEAST = 256
_ROOM = 64


def out_of_reach(descriptor: int) -> int:
    """Move a descriptor to a high number, and return that; the same where there is none.

    A test that closes ours by its number (``os.closerange(3, 256)``) would get that number back
    for a pipe or file of its own, and readings would eat what is in it.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import fcntl
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)  # type: ignore[attr-defined, unused-ignore]
        limit = _HIGHEST if soft == resource.RLIM_INFINITY else min(soft, _HIGHEST)  # type: ignore[attr-defined, unused-ignore]
        if limit - _ROOM > _LEAST:
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, limit - _ROOM)  # type: ignore[attr-defined, unused-ignore]
            os.close(descriptor)
            return high  # type: ignore[no-any-return, unused-ignore]
    return descriptor


def close_own(descriptor: int, target: str, close: Callable[[int], None] = os.close) -> None:
    """Close a descriptor of ours, unless it is somebody else's by now.

    ``target`` is what the name of an open file of ours ends with, as ``/proc`` shows it.
    """
    with contextlib.suppress(OSError):
        try:
            shown = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - a string is wanted
        except FileNotFoundError:
            if os.path.isdir("/proc/self/fd"):  # noqa: PTH112 - closed already
                return
            shown = target
        if shown.endswith(target):
            close(descriptor)
