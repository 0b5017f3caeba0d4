"""What a worker on another host is told: the settings of the run, and the baselines to hold."""

from __future__ import annotations

import base64
import json
import os
import zlib
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.options import OPTIONS, TOLD, given
from pytest_carbon.scratch import scratch_folder
from pytest_carbon.session.hosts.gateways import check_installed, place_of
from pytest_carbon.session.hosts.introduction import BASELINES, REFERENCE, WORKERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_carbon.session.hosts.hosts import Hosts
    from pytest_carbon.settings import Settings

__all__ = ["baselines_at_hand", "packed_baselines", "prepare", "settings_to_tell"]

# What belongs to a host and not to the run, and what only the process that users see does.
_NOT_TOLD = frozenset(
    {
        "carbon_powercap",
        "carbon_baselines",
        "carbon_report",
        "carbon_report_always",
        "carbon_report_link",
        "carbon_history",
        "carbon_rows",
    }
)


def settings_to_tell(config: pytest.Config, environ: Mapping[str, str]) -> dict[str, str]:
    """All that was set here, be it in the environment or in a file that is not there."""
    told = {}
    for option in OPTIONS:
        answer = None if option.name in _NOT_TOLD else given(config, option, environ)
        if answer is not None:
            value = answer[0]
            told[option.variable] = str(value).lower() if isinstance(value, bool) else str(value)
    return told


def packed_baselines(folder: Path) -> str:
    """All files of baselines, as a text: which of them count is known there only."""
    from pytest_carbon.baseline.file import is_file_name

    files = {}
    if os.path.isdir(folder):  # noqa: PTH112 - for a name that can be none, no error
        for path in sorted(folder.iterdir()):
            if is_file_name(path.name) and path.is_file():
                files[path.name] = path.read_text(encoding="utf-8", errors="surrogateescape")
    return base64.b64encode(zlib.compress(json.dumps(files).encode(), 1)).decode()


def prepare(node: Any, hosts: Hosts, config: pytest.Config, baselines: Path) -> None:
    """Tell a worker of another host what it needs; raises ``pytest.UsageError`` for a bad host."""
    gateway = node.gateway
    if not hosts.knows(place_of(gateway.spec)):
        try:
            check_installed(gateway, version("pytest-carbon"))
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None
    hosts.note_worker(gateway.id, gateway)
    # The speed of this machine says nothing of another one.
    node.workerinput[REFERENCE] = None
    node.workerinput[TOLD] = settings_to_tell(config, os.environ)
    node.workerinput[BASELINES] = packed_baselines(baselines)
    node.workerinput[WORKERS] = hosts.workers_beside(gateway)


@contextmanager
def baselines_at_hand(settings: Settings, packed: str) -> Iterator[Settings]:
    """The settings of a worker; ``baselines`` are those that it was told, as long as this lasts."""
    with scratch_folder("baselines") as scratch:
        folder = scratch / settings.baselines.name
        files = json.loads(zlib.decompress(base64.b64decode(packed)))
        if files:
            folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
        yield settings._replace(baselines=folder)
