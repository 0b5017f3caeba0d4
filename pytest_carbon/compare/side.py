"""The comparison's handle of one side, and of a pytest session there."""

from __future__ import annotations

import json
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_carbon
from pytest_carbon.compare.installation import shared_packages, source_folders
from pytest_carbon.compare.line import Line, LineLostError
from pytest_carbon.compare.process import END_S, PATIENCE_S, Process, kill_group
from pytest_carbon.errors import NothingComparedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_carbon.compare.installation import Installation

__all__ = ["Hello", "Session", "Side"]

_SHOWN_LINES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a side's session said after its collection.

    ``items`` are the tests that are not left out by a marker, ``tolerances`` those of markers,
    ``threads`` the names of those that run in the session, beside the main one and ours.
    """

    items: tuple[str, ...]
    tolerances: Mapping[str, float]
    forks: bool
    threads: tuple[str, ...]
    python: str
    pytest: str
    carbon: str | None
    clock: str
    meters: tuple[str, ...]
    measured: bool
    imports: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One revision, checked out and installed: all that it takes to start sessions of it.

    ``name`` is ``base`` or ``head``, ``label`` the revision's name for people, ``folder`` its
    files, ``tree`` the user's own, ``cwd`` where pytest starts, ``speed`` how to probe the core's.
    """

    name: str
    label: str
    folder: Path
    tree: Path
    cwd: Path
    installation: Installation
    arguments: tuple[str, ...]
    log: Path
    forks: bool = True
    speed: str = "off"

    def start(self, files: Collection[str] | None = None) -> Session:
        """Start a pytest session; its collection goes on while others start, too.

        It collects these ``files`` of tests only, or all.
        """
        return Session(self, files)


class Session:
    """A pytest session of a side, from its start to its end."""

    def __init__(self, side: Side, files: Collection[str] | None = None) -> None:
        self.side = side
        self._hello: Hello | None = None
        self._processes: list[Process] = []
        self._used = False
        ours, theirs = socket.socketpair()
        self._line = Line(ours)
        order = {
            "line": theirs.fileno(),
            "carbon": str(Path(pytest_carbon.__file__).parent),
            "tree": str(side.tree),
            "side": str(side.folder),
            "cwd": str(side.cwd),
            "env": None if side.installation.folder is None else str(side.installation.folder),
            # Behind everything else: where a project was built but not installed, and where the
            # environment has no pytest of its own.
            "last": [*map(str, source_folders(side.cwd)), *shared_packages()],
            "forks": side.forks,
            "speed": side.speed,
            "arguments": list(side.arguments),
            "files": None if files is None else sorted(files),
        }
        environ = {"PYTHONHASHSEED": "0", **side.installation.environ}
        with theirs, side.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the side's Python, this package
                [
                    side.installation.python,
                    str(Path(__file__).with_name("launch.py")),
                    json.dumps(order),
                ],
                cwd=side.cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def hello(self) -> Hello:
        """Wait for the collection; raises ``NothingComparedError`` where it failed."""
        if self._hello is None:
            try:
                answer = self._line.receive()
            except LineLostError:
                status = self._process.wait()
                raise self._not_collected(f"pytest ended with {status}") from None
            if answer.pop("errors"):
                self.close()
                raise self._not_collected("errors during collection")
            for name in ("items", "meters", "threads"):
                answer[name] = tuple(answer[name])
            self._hello = Hello(**answer)
        return self._hello

    def _not_collected(self, why: str) -> NothingComparedError:
        lines = self.side.log.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = "\n".join(lines[-_SHOWN_LINES:])
        remedy = (
            "mend them there"
            if self.side.installation.folder is not None
            else "where the project has to be built first, say how: --setup 'pip install -e .'"
        )
        return NothingComparedError(
            f"the tests of {self.side.name}, {self.side.label}, do not collect ({why})",
            remedy=f"{remedy}; their output ends with\n{shown}",
        )

    @property
    def is_fresh(self) -> bool:
        """Whether ``process`` still has one to give."""
        return not self._used and self._process.poll() is None

    def process(self) -> Process:
        """A process that has run no test yet; raises ``LineLostError`` where the side is gone."""
        if not self.hello().forks:
            self._used = True
            return Process(self._line, None)
        ours, theirs = socket.socketpair()
        with theirs:
            self._line.send({"do": "fork"}, theirs.fileno())
        pid = self._line.receive(PATIENCE_S)["pid"]
        process = Process(Line(ours), pid)
        self._processes.append(process)
        return process

    def end(self) -> None:
        """Tell the session to end; ``close`` waits for it."""
        self._line.close()

    def close(self) -> None:
        """End the session and all its processes; may be called twice."""
        self.end()
        for process in self._processes:
            process.kill()
        self._processes.clear()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            kill_group(self._process.pid)
            self._process.wait()
