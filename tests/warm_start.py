"""Runs of ``python -m pytest`` that start where pytest is imported already.

Most runs that tests start take less time than the import of pytest. So a process imports it once
and forks itself for each run: a child is a process of its own, with the arguments, environment,
folder and output of its run, and imports the plugin and all others itself.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PYTEST = [sys.executable, "-m", "pytest"]


class WarmStarts:
    """The process that forks itself, from its first run on until it is closed.

    It is the parent of each run; its ``pid`` is 0 before the first.
    """

    def __init__(self) -> None:
        self.pid = 0
        self._environ: dict[str, str] = {}
        self._channel: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._running: WarmRun | None = None

    def start(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        stdout: IO[str],
        stderr: IO[str],
    ) -> WarmRun | None:
        """Start a run in this folder; None if the command has to be started as any other.

        That is one that is not ``python -m pytest``, or whose interpreter would be another one by
        its environment, or that would run beside another run.
        """
        if list(command[:3]) != _PYTEST or not hasattr(os, "fork"):
            return None
        if self._running is not None and self._running.returncode is None:
            return None
        if self._server is None:
            self._open()
        if _read_at_start(environ) != _read_at_start(self._environ):
            return None
        assert self._channel is not None
        order = json.dumps([list(command[2:]), dict(environ), str(Path.cwd())]).encode()
        self._channel.sendall(len(order).to_bytes(8, "big"))
        self._channel.sendall(order)
        socket.send_fds(self._channel, [b"f"], [stdout.fileno(), stderr.fileno()])  # type: ignore[attr-defined, unused-ignore]
        self._running = WarmRun(int(_read(self._channel, 8)), self._channel)
        return self._running

    def close(self) -> None:
        """End the process, if one was started."""
        if self._channel is not None and self._server is not None:
            self._channel.close()
            self._server.wait()

    def _open(self) -> None:
        self._channel, theirs = socket.socketpair()
        self._environ = dict(os.environ)
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self.pid = self._server.pid


class WarmRun:
    """A run that was started, with the part of ``subprocess.Popen`` that pytester uses."""

    stdin = None

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._channel = channel

    def wait(self, timeout: float | None = None) -> int:
        """The exit status of the run, negative for the number of a signal."""
        if self.returncode is None:
            self._channel.settimeout(timeout)
            try:
                status = _read(self._channel, 8)
            except TimeoutError:
                raise subprocess.TimeoutExpired(_PYTEST, timeout or 0.0) from None
            finally:
                self._channel.settimeout(None)
            self.returncode = int(status)
        return self.returncode

    def kill(self) -> None:
        """End the run at once."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]


def _read_at_start(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that an interpreter reads when it starts, but for the path."""
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(("PYTHON", "LC_", "LANG", "COVERAGE", "COV_", "LD_", "MALLOC"))
        and name != "PYTHONPATH"
    }


def _read(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = channel.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _serve(channel: socket.socket) -> None:
    """Fork for each run that is ordered, tell its process and then how it ended."""
    import importlib

    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    path = sys.path[1:]  # without the folder of this script
    given = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    assert path[: len(given)] == [str(Path(each).absolute()) for each in given]
    del path[: len(given)]
    while True:
        try:
            arguments, environ, folder = json.loads(
                _read(channel, int.from_bytes(_read(channel, 8), "big"))
            )
        except EOFError:
            return
        _, outputs, _, _ = socket.recv_fds(channel, 1, 2)  # type: ignore[attr-defined, unused-ignore]
        child = os.fork()  # type: ignore[attr-defined, unused-ignore]
        if child == 0:
            channel.close()
            _run(arguments, environ, folder, outputs, path)
        for each in outputs:
            os.close(each)
        channel.sendall(b"%8d" % child)
        _, status = os.waitpid(child, 0)
        with suppress(BrokenPipeError):
            channel.sendall(b"%8d" % os.waitstatus_to_exitcode(status))


def _run(
    arguments: list[str],
    environ: dict[str, str],
    folder: str,
    outputs: Sequence[int],
    path: Sequence[str],
) -> NoReturn:
    """What ``python -m pytest`` does, in this process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for theirs, ours in zip(outputs, (1, 2), strict=True):
        os.dup2(theirs, ours)
        os.close(theirs)
    given = [each for each in environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [folder, *given, *path]
    sys.orig_argv[:] = [sys.orig_argv[0], "-m", *arguments]
    sys.argv[:] = arguments
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
