"""The cache that all processes of a host share, so that 64 workers make one request.

A file a source and zone, in a folder that only its owner may enter. It holds the answer or the
failure, never a token, and is believed no more than an answer from the network.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.live.checks import LONGEST_TEXT, REMEDY, checked
from pytest_carbon.intensity.live.source import NotCovered
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from filelock import BaseFileLock

    from pytest_carbon.intensity.live.source import IntensitySource

__all__ = ["CachedSource", "cache_folder"]

SCHEMA = 1
LARGEST_FILE_BYTES = 4096
FRESH_S = 300.0
FRESH_FAILURE_S = 60.0
LOCK_WAIT_S = 40.0
"""Longer than all tries of one request may take, so that a waiter finds the answer."""


def cache_folder(environ: Mapping[str, str], home: Path) -> Path:
    """The folder for this user's files that may be deleted at any time."""
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        folder = environ.get(variable, "")
        if folder and Path(folder).is_absolute():
            return Path(folder) / "pytest-carbon"
    return home / ".cache" / "pytest-carbon"


class _Kept(NamedTuple):
    answer: Intensity | None
    problem: str
    remedy: str


class CachedSource:
    """A source behind the shared cache; itself a source.

    ``folder`` is made if need be; ``now_s`` tells the time of day, and for ``fresh_s`` seconds an
    answer is believed. Without a folder that can be
    written or locked, the source is asked directly.
    """

    def __init__(
        self,
        source: IntensitySource,
        folder: Path,
        *,
        now_s: Callable[[], float] = time.time,
        lock_wait_s: float = LOCK_WAIT_S,
        fresh_s: float = FRESH_S,
    ) -> None:
        self._source = source
        self._folder = folder
        self._now_s = now_s
        self._lock_wait_s = lock_wait_s
        self._fresh_s = fresh_s

    @property
    def name(self) -> str:
        """The name of the source behind."""
        return self._source.name

    def fetch(self, zone: str) -> Intensity:
        """A figure, or failure, that a process of this host got lately; else the source's own.

        Raises what the source raises, or ``IntensityError`` where another process holds the lock
        for longer than a request can take.
        """
        key = hashlib.sha256(f"{self.name}\0{zone}".encode()).hexdigest()[:24]
        path = self._folder / f"intensity-{key}.json"
        kept = self._read(path, zone)
        if kept is not None:
            return _told(kept)
        lock = self._acquire(path)
        if lock is None:
            return checked(self._source.fetch(zone))
        try:
            return self._fetch_locked(path, zone)
        finally:
            lock.release()

    def _acquire(self, path: Path) -> BaseFileLock | None:
        from filelock import FileLock, Timeout

        lock: BaseFileLock = FileLock(
            path.with_suffix(".lock"), timeout=self._lock_wait_s, mode=0o600
        )
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(self._folder):
                return None
            lock.acquire()
        except Timeout:
            # Raised below, where no other error is chained to it.
            pass
        except (OSError, NotImplementedError):
            # No folder, no space, or a file system without locks: ask alone, as also where others
            # may write into the folder and lay a link in the place of a file.
            return None
        else:
            return lock
        raise IntensityError(
            "another process has been asking for too long", remedy="the run goes on without it"
        )

    def _fetch_locked(self, path: Path, zone: str) -> Intensity:
        kept = self._read(path, zone)
        if kept is None:
            kept = self._ask(zone)
            self._write(path, zone, kept)
        return _told(kept)

    def _ask(self, zone: str) -> _Kept:
        try:
            return _Kept(checked(self._source.fetch(zone)), "", "")
        except NotCovered:
            raise
        except IntensityError as error:
            return _Kept(None, error.problem, error.remedy)

    def _write(self, path: Path, zone: str, kept: _Kept) -> None:
        content = {
            "schema": SCHEMA,
            "zone": zone,
            "at_s": self._now_s(),
            "answer": kept.answer._asdict() if kept.answer else None,
            "problem": kept.problem[:LONGEST_TEXT],
            "remedy": kept.remedy[:LONGEST_TEXT],
        }
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, flags, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            draft.replace(path)
        except OSError:
            # A full disk costs one more request, and no run its figure.
            _forget(draft)

    def _read(self, path: Path, zone: str) -> _Kept | None:
        """What the file holds, if it is ours, private, of a sane form, and fresh; else ``None``."""
        text = _private_text(path)
        if text is None:
            return None
        try:
            content = json.loads(text)
            at_s = float(content["at_s"])
            kept = _Kept(
                checked(Intensity(**content["answer"])) if content["answer"] else None,
                str(content["problem"])[:LONGEST_TEXT],
                str(content["remedy"])[:LONGEST_TEXT],
            )
            asked = (content["schema"], content["zone"])
        except (ArithmeticError, ValueError, TypeError, LookupError, RecursionError):
            return None
        except IntensityError:
            return None
        if asked != (SCHEMA, zone) or not (kept.problem + kept.remedy).isprintable():
            return None
        # A negative age: the clock was set back since, or the file lies.
        age_s = self._now_s() - at_s
        fresh_s = self._fresh_s if kept.answer else FRESH_FAILURE_S
        return kept if 0 <= age_s <= fresh_s else None


def _told(kept: _Kept) -> Intensity:
    if kept.answer is not None:
        return kept.answer
    raise IntensityError(kept.problem or "it failed a moment ago", remedy=kept.remedy or REMEDY)


def _is_private(folder: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _private_text(path: Path) -> str | None:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE_BYTES:
                return None
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
                return None
            return file.read(LARGEST_FILE_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
