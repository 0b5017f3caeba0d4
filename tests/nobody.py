"""An ordinary user without a name and a home, as ``docker run --user 54321`` makes one."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["AS_NOBODY", "needs_root", "open_to_all"]

# It may look into folders, since the interpreter may lie in root's home.
AS_NOBODY = [
    "setpriv",
    "--reuid=54321",
    "--regid=54321",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "env",
    "-i",
    f"PATH={os.environ.get('PATH', '')}",
]

needs_root = pytest.mark.skipif(
    not hasattr(os, "getuid")
    or os.getuid() != 0
    or not all(map(shutil.which, ("setpriv", "unshare"))),
    reason="needs root, setpriv and unshare",
)


def open_to_all(folder: Path) -> Path:
    """Let the user write into a temporary folder, and reach it."""
    for path in (folder, *folder.parents):
        # Workers have folders one level deeper.
        if path.stat().st_uid == 0 and path.name.startswith(("pytest-", "popen-", "test_")):
            path.chmod(0o755)
    folder.chmod(0o777)
    return folder
