"""The folder of baselines: one file an environment, read whole, written whole and in turn."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.baseline.file import file_name, is_file_name
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.lock import default_lock_folder, locked, owner_of
from pytest_carbon.baseline.replace import clean_up, replace_file
from pytest_carbon.baseline.schema import read_baselines, read_environment
from pytest_carbon.errors import BaselineError
from pytest_carbon.intake.regular_file import identity_of, read_regular
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.environment import Environment
    from pytest_carbon.intake.regular_file import Content

__all__ = ["MOST_BYTES", "BaselineStore", "Neighbour", "Stored", "Survey"]

MOST_BYTES = 128 * 2**20
"""A file of 100,000 tests that are gated by themselves has 50 MB."""

# Only writers that no common lock keeps apart (other users, other hosts) can make one try again.
_TRIES = 20


class Stored(NamedTuple):
    """What an update came to: the file as it stands now, and whether it was written."""

    path: Path
    file: BaselineFile
    written: bool


class Neighbour(NamedTuple):
    """The baselines of another environment.

    ``differences`` maps each fact in which it differs to (here, there).
    """

    path: Path
    environment: Environment
    differences: dict[str, tuple[object, object]]


class Survey(NamedTuple):
    """All that lies in the folder: baselines, damaged ones, and files that are none of ours."""

    files: tuple[tuple[Path, BaselineFile], ...] = ()
    broken: tuple[tuple[Path, BaselineError], ...] = ()
    unknown: tuple[Path, ...] = ()


def _read(path: Path) -> Content | None:
    try:
        return read_regular(path, most_bytes=MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BaselineError(
            f"{path} cannot be read: {error.strerror}",
            remedy="make it a file that you may read, or name another folder with "
            "--carbon-baselines=DIR",
        ) from error


def _unchanged(path: Path, content: Content | None) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return content is None
    except OSError:
        return False
    return content is not None and content.identity == identity_of(status)


class BaselineStore:
    """The baselines below ``folder``, which need not exist yet.

    ``lock_folder`` must be the same for all who write; the default is one's own, below the
    temporary folder. A writer waits ``lock_timeout_s`` seconds for another one at the most.
    """

    def __init__(
        self, folder: Path, *, lock_folder: Path | None = None, lock_timeout_s: float = 60.0
    ) -> None:
        self.folder = folder
        self._lock_folder = lock_folder
        self._lock_timeout_s = lock_timeout_s

    def path(self, environment: Environment) -> Path:
        """Where the baselines of an environment are, or would be."""
        return self.folder / file_name(environment)

    def load(self, environment: Environment) -> BaselineFile | None:
        """The baselines of an environment; ``None`` where nothing is stored.

        Raises ``BaselineError`` for a file that cannot be used.
        """
        path = self.path(environment)
        content = _read(path)
        return None if content is None else self._parse(path, content.data, environment)

    def read(self, path: Path) -> BaselineFile:
        """The baselines in one file. Raises ``BaselineError`` where there are none."""
        content = _read(path)
        if content is None:
            raise BaselineError(
                f"{path} is not there", remedy="see pytest-carbon baselines for those that are"
            )
        return self._parse(path, content.data, None)

    def _parse(self, path: Path, data: bytes, environment: Environment | None) -> BaselineFile:
        file = read_baselines(data, str(path))
        if file_name(environment or file.environment) != path.name or (
            environment is not None and file.environment != environment
        ):
            raise BaselineError(
                f"{path}: the environment in it is another than the one in its name "
                f"(it belongs into {file_name(file.environment)})",
                remedy=f"rename it, or restore it with 'git checkout -- {path}'",
            )
        return file

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self.folder))  # noqa: PTH208 - names, not paths
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BaselineError(
                f"{self.folder} cannot be listed: {error.strerror}",
                remedy="name a folder with --carbon-baselines=DIR",
            ) from error

    def nearest(self, environment: Environment) -> tuple[Neighbour, ...]:
        """The other environments with baselines, those with the fewest differences first.

        Damaged files of other environments are none of this run's business: they are left out.
        """
        found = []
        for name in self._names():
            path = self.folder / name
            if not is_file_name(name) or path == self.path(environment):
                continue
            try:
                content = _read(path)
                other = None if content is None else read_environment(content.data, str(path))
            except BaselineError:
                continue
            if other is not None:
                differences = environment.differences(other)
                found.append(Neighbour(path=path, environment=other, differences=differences))
        return tuple(sorted(found, key=lambda neighbour: len(neighbour.differences)))

    def survey(self) -> Survey:
        """Read everything in the folder. Raises ``BaselineError`` only for the folder itself."""
        files, broken, unknown = [], [], []
        for name in self._names():
            path = self.folder / name
            if not is_file_name(name):
                unknown.append(path)
                continue
            try:
                files.append((path, self.read(path)))
            except BaselineError as error:
                broken.append((path, error))
        return Survey(files=tuple(files), broken=tuple(broken), unknown=tuple(unknown))

    def update(
        self, environment: Environment, change: Callable[[BaselineFile | None], BaselineFile]
    ) -> Stored:
        """Read, ``change``, and write the baselines of an environment, alone.

        ``change`` gets ``None`` where nothing is stored, and may be called again. What stays as
        it was is not written, and an empty file is not begun. Raises ``BaselineError``, and
        leaves the old file whole then, for one that cannot be used, locked or written.
        """
        path = self.path(environment)
        # Through a link, so that the link stays one and the lock is its target's.
        target = Path(os.path.realpath(path))
        lock_folder = self._lock_folder or default_lock_folder()
        with locked(target, lock_folder, self._lock_timeout_s):
            owner = owner_of(target, lock_folder)
            clean_up(target, owner)
            for _ in range(_TRIES):
                content = _read(target)
                old = None if content is None else self._parse(path, content.data, environment)
                new = change(old)
                if new.environment != environment:
                    raise ValueError("a change must not move baselines to another environment")
                data = _rendered(path, new)
                if _same(content, old, new, data) or (content is None and not new.entries):
                    return Stored(path=path, file=new, written=False)
                if _unchanged(target, content):
                    _write(target, data, owner)
                    return Stored(path=path, file=new, written=True)
        raise BaselineError(
            f"{path} is being written by somebody else again and again",
            remedy="wait for the other run that stores baselines, and try again",
        )


def _same(
    content: Content | None, old: BaselineFile | None, new: BaselineFile, data: bytes
) -> bool:
    """Whether ``new`` says what is stored, be it in another layout or with Windows' line ends."""
    if content is None:
        return False
    return content.data.replace(b"\r\n", b"\n") == data or old == new


def _rendered(path: Path, file: BaselineFile) -> bytes:
    data = render(file).encode()
    if len(data) > MOST_BYTES:
        raise BaselineError(
            f"{path} would have {len(data):,} bytes, and {MOST_BYTES:,} are the most that is read",
            remedy="remove tests that no longer exist with pytest-carbon prune, or name a folder "
            "for each part of the suite with --carbon-baselines=DIR",
        )
    return data


def _write(target: Path, data: bytes, owner: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data, owner)
    except OSError as error:
        raise BaselineError(
            f"{target} cannot be written: {error.strerror}",
            remedy="free some space or make the folder writable, or name another one with "
            "--carbon-baselines=DIR; the old baselines are as they were",
        ) from error
