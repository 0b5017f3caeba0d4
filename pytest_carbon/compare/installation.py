"""Where a side's Python comes from: the user's own, or an environment that a command fills."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.compare.repository import git_environment
from pytest_carbon.errors import CompareError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Installation", "SetupRun", "shared_packages", "source_folders", "users_own"]

# Sorts behind every editable install, whose files have to win over an installed copy.
_LAYER = "zzz_pytest_carbon_layer.pth"

_SHOWN_LINES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The interpreter of a side, and the environment variables of what runs there.

    ``folder`` is the side's own environment, ``None`` where it uses the user's.
    """

    python: str
    environ: Mapping[str, str]
    folder: Path | None = None


def shared_packages() -> list[str]:
    """The user's folders of installed packages, without what editable installs add to them."""
    return [
        entry
        for entry in sys.path
        if Path(entry).name in {"site-packages", "dist-packages"} and Path(entry).is_dir()
    ]


def source_folders(cwd: Path) -> list[Path]:
    """Where a project's packages are, in either layout."""
    return [folder for folder in (cwd / "src", cwd) if folder.is_dir()]


def users_own(environ: Mapping[str, str], cwd: Path) -> Installation:
    """The user's own interpreter, with the side's files in front of what is installed."""
    kept = git_environment(environ)
    # Beats both the entries that editable installs add and an installed copy, here and in what
    # the tests start themselves.
    own = [str(folder) for folder in source_folders(cwd)]
    theirs = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
    kept["PYTHONPATH"] = os.pathsep.join(own + theirs)
    return Installation(python=sys.executable, environ=kept)


class SetupRun:
    """A setup command at work in a side's new environment.

    The environment sees what the user has installed, but none of the user's editable installs;
    what the command installs comes first.
    """

    def __init__(
        self, command: str, *, label: str, folder: Path, cwd: Path, environ: Mapping[str, str]
    ) -> None:
        self._command = command
        self._label = label
        self._log = folder.with_suffix(".log")
        python = _create(folder)
        programs = python.parent
        kept = git_environment(environ)
        kept.pop("PYTHONHOME", None)
        kept["VIRTUAL_ENV"] = kept["UV_PROJECT_ENVIRONMENT"] = str(folder)
        kept["PATH"] = os.pathsep.join([str(programs), kept.get("PATH", os.defpath)])
        self._installation = Installation(python=str(python), environ=kept, folder=folder)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S602 - the user's own command line
                command,
                shell=True,
                cwd=cwd,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> Installation:
        """The finished environment; raises ``CompareError`` with the end of the output."""
        status = self._process.wait()
        if status:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
            shown = "\n".join(lines[-_SHOWN_LINES:])
            raise CompareError(
                f"--setup failed for {self._label} (exit {status}): {self._command}",
                remedy=f"it runs in each side's files; its output ends with\n{shown}",
            )
        return self._installation

    def stop(self) -> None:
        """End the command and all that it has started; may be called after its end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
        self._process.wait()


def _create(folder: Path) -> Path:
    has_pip = find_spec("pip") is not None
    venv.EnvBuilder(with_pip=not has_pip, symlinks=os.name == "posix").create(folder)
    python = folder / "bin" / "python"
    packages = next((folder / "lib").glob("python*/site-packages"))
    (packages / _LAYER).write_text("\n".join(shared_packages()) + "\n", encoding="utf-8")
    if has_pip:
        # Found in the user's environment, a bare "pip" would install there.
        for name in ("pip", "pip3"):
            shim = folder / "bin" / name
            shim.write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@"\n', encoding="utf-8")
            shim.chmod(0o755)
    return python
