"""Processes of this Python that start where what they import is imported already.

Most runs that tests start take less time than their imports. So a process imports pytest, its
plugins and this package once, and forks itself for each run: a child is a process of its own,
with the arguments, environment, folder and streams of its run. What a run starts itself (looks,
workers of pytest-xdist, the speed probe, the runs of a command) starts in the same way, and looks
come at once and are short.
"""

from __future__ import annotations

import inspect
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVERYTHING = ("pytest", "pytest_split", "xdist", "execnet", "pytest_carbon")
"""What runs start with that are not about imports."""

PYTEST_ONLY = ("pytest",)
"""For runs in which it matters when a module of ours is imported."""

_MODULES = ("pytest", "pytest_carbon.cli.main")

# What execnet and the speed probe start with these flags, which change nothing in what they do.
_PROGRAMS = ("exec(eval(sys.stdin.readline()))", "from pytest_carbon.speed.helper import main")
_FLAGS = ("-u", "-I", "-S", "-B")

SERVER = str(Path(__file__).with_name("warm_server.py"))


class WarmServer:
    """The process that forks itself, started when it is first needed; the parent of each run."""

    def __init__(self, imports: Sequence[str]) -> None:
        self._environ = dict(os.environ)
        self._imports = imports
        # Now, as tests may change where temporary files are; the path of a socket has to be short.
        self._folder = tempfile.mkdtemp(prefix="warm-", dir="/tmp")
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> str:
        """Where it listens."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, SERVER, self.address, *self._imports],
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert self._process.stdout is not None
            # One byte when it listens.
            assert self._process.stdout.read(1), "it has not started"
        return self.address

    @property
    def address(self) -> str:
        """The path of its socket."""
        return f"{self._folder}/socket"

    def close(self) -> None:
        """End the process, if one was started."""
        if self._process is not None:
            self._process.communicate()
        shutil.rmtree(self._folder)


class WarmPopen(subprocess.Popen[Any]):
    """A process that ``server`` starts, where it can; any other starts as usual.

    The server starts ``python -m pytest``, the command ``pytest-carbon``, and workers of
    pytest-xdist, of this interpreter and with the environment that it was started with.
    """

    server: WarmServer | str
    read_at_start: Mapping[str, str]

    _channel: socket.socket | None = None

    def _execute_child(self, *args: Any) -> None:
        names = list(inspect.signature(super()._execute_child).parameters)  # type: ignore[misc]
        how = dict(zip(names, args, strict=True))
        arguments = _arguments(how["args"])
        environ = dict(os.environ if how["env"] is None else how["env"])
        is_plain = how["executable"] is None and how["preexec_fn"] is None and not how["shell"]
        is_alike = _read_at_start(environ) == self.read_at_start and len(how["pass_fds"]) < 2
        if arguments is None or not is_plain or not is_alike:
            super()._execute_child(*args)  # type: ignore[misc]
            return
        order = {
            "arguments": arguments,
            "environ": environ,
            "folder": os.fspath(how["cwd"] or Path.cwd()),
            "new_session": how["start_new_session"],
            "passed": list(how["pass_fds"]),
        }
        given = how["p2cread"], how["c2pwrite"], how["errwrite"]
        streams = [number if fd == -1 else fd for number, fd in enumerate(given)]
        streams += how["pass_fds"]
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        try:
            self._start(order, streams)
        finally:
            self._close_pipe_fds(*(how[name] for name in pipes))  # type: ignore[attr-defined]

    def _start(self, order: Mapping[str, Any], streams: Sequence[int]) -> None:
        server = self.server
        address = server if isinstance(server, str) else server.open()
        self._channel = socket.socket(socket.AF_UNIX)
        self._channel.connect(address)
        data = json.dumps(order).encode()
        self._channel.sendall(len(data).to_bytes(8, "big") + data)
        socket.send_fds(self._channel, [b"f"], list(streams))  # type: ignore[attr-defined, unused-ignore]
        self.pid = int(read_whole(self._channel, 8))
        self._child_created = True

    def _internal_poll(self, *args: Any, **how: Any) -> int | None:
        if self._channel is None:
            polled: int | None = super()._internal_poll(*args, **how)  # type: ignore[misc]
            return polled
        with suppress(subprocess.TimeoutExpired):
            return self._wait(0.0)
        return None

    def _wait(self, timeout: float | None) -> int:
        if self._channel is None:
            waited: int = super()._wait(timeout)  # type: ignore[misc]
            return waited
        if self.returncode is None:
            ready, _, _ = select.select([self._channel], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            try:
                self.returncode = int(read_whole(self._channel, 8))
            except EOFError:
                self.returncode = -signal.SIGKILL  # its server has ended
            self._channel.close()
        return self.returncode


def starting_at(server: WarmServer | str) -> type[WarmPopen]:
    """What starts processes by this server, or the one at this address.

    It has the environment of this moment.
    """
    alike = _read_at_start(os.environ)
    return type("Popen", (WarmPopen,), {"server": server, "read_at_start": alike})


def _arguments(command: Any) -> list[str] | None:
    """What this interpreter is told to run; ``None`` for what has to start as usual."""
    if isinstance(command, str | bytes | os.PathLike):
        return None
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    command = [os.fspath(each) for each in command]
    if command[:1] != [sys.executable]:
        return None
    arguments: list[str] = command[1:]
    if arguments[: len(flags)] == flags:
        arguments = arguments[len(flags) :]
    if arguments[:1] == ["-m"] and arguments[1] in _MODULES:
        return arguments
    while arguments[:1] and arguments[0] in _FLAGS:
        arguments = arguments[1:]
    if arguments[:1] == ["-c"] and any(word in arguments[1] for word in _PROGRAMS):
        return arguments
    return None


def _read_at_start(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that an interpreter reads when it starts, but for the path."""
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(("PYTHON", "LC_", "LANG", "COVERAGE", "COV_", "LD_", "MALLOC"))
        and name != "PYTHONPATH"
    }


def read_whole(channel: socket.socket, size: int) -> bytes:
    """So many bytes. Raises ``EOFError`` where the other side has gone."""
    data = b""
    while len(data) < size:
        more = channel.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
