"""Replace a file as a whole: whoever reads it, and whatever dies, sees the old or the new one."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["clean_up", "replace_file"]

# A writer that is still at it after a day is not one.
_STALE_S = 24 * 3600.0


def _temporary(target: Path, owner: str) -> Path:
    return target.with_name(f".{target.name}.{owner}.tmp")


def clean_up(target: Path, owner: str, *, now_s: float | None = None) -> None:
    """Remove what killed writers of ``target`` left behind.

    ``owner`` names all who share the lock that the caller holds: none of them can be writing.
    What others left is removed when it is a day old. Never raises: it is only tidying.
    """
    now_s = time.time() if now_s is None else now_s
    own = _temporary(target, owner)
    with suppress(OSError):
        for path in target.parent.iterdir():
            if not path.name.startswith(f".{target.name}.") or path.suffix != ".tmp":
                continue
            with suppress(OSError):
                if path == own or now_s - path.lstat().st_mtime > _STALE_S:
                    path.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where folders can be opened at all."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_file(target: Path, data: bytes | Iterable[bytes], owner: str) -> None:
    """Write ``data``, part by part, beside ``target`` and put it in its place in one step.

    Keeps the permissions of a file that was there. Raises ``OSError``, and leaves the old file
    whole then, as it does on Ctrl-C.
    """
    temporary = _temporary(target, owner)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            with suppress(FileNotFoundError, PermissionError):
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))  # noqa: PTH101
            os.fsync(descriptor)
        os.replace(temporary, target)  # noqa: PTH105
    finally:
        with suppress(OSError):
            temporary.unlink()
    _sync_folder(target.parent)
