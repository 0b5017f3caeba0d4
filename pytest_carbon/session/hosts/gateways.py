"""Gateways of execnet: where they lead, and whether this plugin is there to measure."""

from __future__ import annotations

import json
from typing import Any

from pytest_carbon.errors import SettingError

__all__ = ["check_installed", "machine_of", "place_of"]

# Asked before a worker starts. It imports nothing of ours, which may be missing, and which pytest
# would say that it cannot rewrite then.
_SOURCE = """
import json
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
try:
    found = version("pytest-carbon") if find_spec("pytest_carbon") else ""
except PackageNotFoundError:
    found = ""
channel.send(json.dumps([found, sys.executable or "python"]))
"""

_PATIENCE_S = 60.0


def place_of(spec: Any) -> str:
    """What tells the places of workers apart, by their specification; empty for this Python here.

    Another Python on this machine is another place, too: it has an environment of its own.
    """
    parts = [
        getattr(spec, name, None) for name in ("ssh", "vagrant_ssh", "socket", "via", "python")
    ]
    return " ".join(str(part) for part in parts if part)


def machine_of(spec: Any) -> str:
    """What tells machines apart, by the specifications of workers; empty for this one."""
    socket = getattr(spec, "socket", None)
    if socket:
        return str(socket).rpartition(":")[0]
    return str(getattr(spec, "ssh", None) or getattr(spec, "vagrant_ssh", None) or "")


def check_installed(gateway: Any, own_version: str) -> None:
    """Raise ``SettingError`` where pytest-carbon is missing there, or is of another version."""
    place = place_of(gateway.spec)
    try:
        found, python = json.loads(gateway.remote_exec(_SOURCE).receive(_PATIENCE_S))
    except Exception as error:
        raise SettingError(
            f"the workers at {place} cannot be asked for pytest-carbon "
            f"({type(error).__name__}: {error})",
            remedy="make sure that Python runs there, or leave --carbon out",
        ) from error
    install = f"'{python} -m pip install pytest-carbon=={own_version}' there"
    if not found:
        raise SettingError(f"pytest-carbon is not installed at {place}", remedy=install)
    if found != own_version:
        raise SettingError(
            f"pytest-carbon is {found} at {place} and {own_version} here, and figures of "
            "different versions are not compared",
            remedy=install,
        )
