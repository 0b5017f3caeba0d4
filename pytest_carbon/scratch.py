"""Temporary folders that show whether their maker still lives, so that a later run can tidy up.

A lock of the operating system in the folder dies with its maker, in whatever container that is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["note_process", "remove_stale", "scratch_folder"]

_PREFIX = "pytest-carbon-scratch-"
_ALIVE, _PROCESS = ".alive", ".process"

# Between being made and being locked nobody lives that long.
_NEW_S = 600.0

_tidied: list[int] = []


@contextlib.contextmanager
def scratch_folder(kind: str) -> Iterator[Path]:
    """A folder for ``kind`` of work, removed at the end; what killed processes left goes, too."""
    if System.getpid() not in _tidied:
        _tidied[:] = [System.getpid()]
        remove_stale()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
    lock = None
    try:
        lock = System.os_open(folder / _ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
        _take(lock)
        yield folder
    finally:
        if lock is not None:
            System.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def note_process(folder: Path, pid: int) -> None:
    """Say which process works in a folder: one that names the folder, and leads its group."""
    # On a full disk there is nothing to tidy up by.
    with contextlib.suppress(OSError):
        (folder / _PROCESS).write_text(str(pid), encoding="ascii")


def _take(lock: int) -> None:
    if sys.platform != "win32":
        import fcntl

        # A file system without locks has nobody who could tell.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_stale(parent: Path | None = None) -> None:
    """Remove this user's folders whose makers are gone, and end what still works in them.

    Never raises: it is only tidying.
    """
    with contextlib.suppress(OSError):
        for entry in os.scandir(tempfile.gettempdir() if parent is None else parent):
            if not entry.name.startswith(_PREFIX):
                continue
            with contextlib.suppress(OSError):
                if _is_mine(entry) and _is_left(Path(entry.path)):
                    _end(Path(entry.path))
                    shutil.rmtree(entry.path, ignore_errors=True)


def _is_mine(entry: os.DirEntry[str]) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    return not hasattr(os, "geteuid") or entry.stat(follow_symlinks=False).st_uid == os.geteuid()


def _is_left(folder: Path) -> bool:
    alive = folder / _ALIVE
    if not alive.exists():
        return System.time() - folder.lstat().st_mtime > _NEW_S
    if sys.platform == "win32":
        # What is open cannot be removed there.
        alive.unlink()
        return True
    import fcntl  # type: ignore[unreachable, unused-ignore]

    lock = System.os_open(alive, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        System.close(lock)
    return True


def _end(folder: Path) -> None:
    """End the process that was noted, with its group, where it is still the same."""
    try:
        pid = int((folder / _PROCESS).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if not any(
            str(folder) in text for text in (*process.cmdline(), *process.environ().values())
        ):
            return
        if sys.platform != "win32":
            os.killpg(pid, signal.SIGKILL)
        else:
            process.kill()
