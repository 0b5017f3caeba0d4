"""The user's home folder, also for users who have none."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_carbon.errors import SettingError

__all__ = ["expand", "home_folder"]

NO_HOME = Path("/nonexistent")
"""What Debian gives users without a home: nothing is found there, and nothing can be stored."""


def home_folder() -> Path:
    """The home of this process's user.

    Containers are run as numbers without a name (``docker run --user 54321``, OpenShift); such a
    user has no home, and gets ``NO_HOME``.
    """
    try:
        return Path.home()
    except (KeyError, RuntimeError):
        return NO_HOME


def expand(path: str, place: str) -> str:
    """``path`` with a leading ``~`` and environment variables replaced by what they stand for.

    Raises ``SettingError``, which names ``place``, for a ``~`` of a user who has no home.
    """
    try:
        return os.path.expandvars(Path(path).expanduser())
    except (KeyError, RuntimeError):
        raise SettingError(
            f"{place}: {path} begins with ~, and this user has no home folder",
            remedy="write the whole path, or set HOME",
        ) from None
