"""One writer at a time: a lock of the operating system, which dies with its holder.

The lock file lives in the temporary folder, so that the committed folder holds nothing but
baselines. It is one's own, since a file that another user left there could not be opened; two
users who write the same baselines are told apart by a look at the file (see ``store``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.errors import BaselineError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["default_lock_folder", "locked", "owner_of"]

# filelock looks again every 50 ms by default, which 16 writers would feel.
_POLL_S = 0.005


def default_lock_folder() -> Path:
    """A folder for locks in the temporary folder, one a user."""
    import tempfile

    user = os.geteuid() if hasattr(os, "geteuid") else "user"
    return Path(tempfile.gettempdir()) / f"pytest-carbon-{user}"


def _prepare(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or (
        hasattr(os, "geteuid") and status.st_uid != os.geteuid()
    ):
        raise PermissionError(f"{folder} belongs to somebody else")


def _lock_file(target: Path, folder: Path) -> Path:
    name = os.path.normcase(os.path.realpath(target))
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:24]
    return folder / f"{digest}.lock"


def owner_of(target: Path, folder: Path) -> str:
    """A name for all processes that ``locked`` keeps apart, and for no others."""
    import platform

    text = f"{platform.node()}|{_lock_file(target, folder)}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]


@contextmanager
def locked(target: Path, folder: Path, timeout_s: float) -> Iterator[None]:
    """Keep other writers of ``target`` out.

    Raises ``BaselineError`` after ``timeout_s`` seconds, or where no lock can be made.
    """
    from filelock import FileLock, Timeout

    path = _lock_file(target, folder)
    lock = FileLock(path, timeout=timeout_s)
    try:
        _prepare(folder)
        lock.acquire(poll_interval=_POLL_S)
    except Timeout:
        raise BaselineError(
            f"{target} has been locked by another process for {timeout_s:g} s ({path})",
            remedy="wait for the other run that stores baselines, or end it, and try again",
        ) from None
    except (OSError, NotImplementedError) as error:
        raise BaselineError(
            f"{target} cannot be locked: {error}",
            remedy="name another temporary folder with the environment variable TMPDIR",
        ) from error
    try:
        yield
    finally:
        lock.release()
