"""Fresh processes: a second look at a test from where the run stood before its first test.

After collection the run forks a *stem*, which waits. Each look forks a new process from it,
which has all that the user's command line, plugins and conftests made of the session, but
none of what earlier tests left behind. The stem is nobody's child, so no test can wait for it
or count it, and it ends with the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    import pytest

    Look: TypeAlias = Callable[[list[int], int, "list[Any] | None"], "list[Any] | str"]

__all__ = ["FreshProcesses", "can_fork", "detach_from_terminal", "fork", "own_basetemp"]

_ALIVE_CHECK_S = 1.0


def can_fork() -> bool:
    """Whether fresh processes can be forked here.

    macOS has fork, but its system libraries do not survive it.
    """
    return sys.platform == "linux" and hasattr(os, "fork")


class FreshProcesses:
    """The run's end of the line to the stem."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._owner = os.getpid()

    @classmethod
    def open(cls, config: pytest.Config, look: Look) -> FreshProcesses:
        """Fork the stem.

        ``look(places, passes, task)`` runs in a fresh process and returns samples, or says why
        there are none. Raises ``OSError`` where the system refuses.
        """
        ours, theirs = socket.socketpair()
        run_pid = os.getpid()
        middle = fork()
        if middle == 0:
            with contextlib.suppress(BaseException):
                os.setsid()
                if fork() == 0:
                    ours.close()
                    _Stem(config, theirs, look, run_pid).serve()
            os._exit(0)
        os.waitpid(middle, 0)
        theirs.close()
        return cls(ours)

    def look(
        self,
        places: list[int],
        passes: int,
        timeout_s: float,
        task: Sequence[object] | None = None,
    ) -> list[Any] | str:
        """Samples from a new process, pass by pass; or why there are none.

        Each pass runs the tests at ``places`` of the session's items in that order; ``task`` is
        the part of them that is asked for.
        """
        if os.getpid() != self._owner:
            return "the test forked the run itself"
        request = {"places": places, "passes": passes, "timeout_s": timeout_s, "task": task}
        try:
            self._line.settimeout(timeout_s + 5)
            self._line.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(_read_line(self._line))
        except (OSError, ValueError) as error:
            self.close()
            return f"the process to fork from is lost ({error})"
        samples: list[Any] | str = answer
        return samples

    def close(self) -> None:
        """Let the stem end; may be called twice."""
        self._line.close()


def fork() -> int:
    """Fork, whatever Python thinks of threads."""
    with warnings.catch_warnings():
        # Python 3.12 warns of threads; the stem uses none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _read_line(line: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        part = line.recv(65536)
        if not part:
            raise OSError("it has ended")
        received += part
    return bytes(received)


class _Stem:
    """Waits for requests and forks a process for each."""

    def __init__(
        self,
        config: pytest.Config,
        line: socket.socket,
        look: Look,
        run_pid: int,
    ) -> None:
        self._config = config
        self._line = line
        self._look = look
        self._run_pid = run_pid

    def serve(self) -> None:
        """Answer until the run is gone."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_DFL)
        detach_from_terminal(self._config)
        buffer = b""
        while True:
            readable, _, _ = select.select([self._line], [], [], _ALIVE_CHECK_S)
            if not readable:
                # A process that a test left behind may still hold the run's end of the line.
                if not _is_alive(self._run_pid):
                    return
                continue
            part = self._line.recv(65536)
            if not part:
                return
            buffer += part
            while b"\n" in buffer:
                text, _, buffer = buffer.partition(b"\n")
                answer = self._answer(json.loads(text))
                self._line.sendall(answer.replace(b"\n", b" ") + b"\n")

    def _answer(self, request: dict[str, Any]) -> bytes:
        reader, writer = os.pipe()
        # Made here, so that it goes whatever becomes of the process.
        temporary = own_basetemp(self._config)
        pid = fork()
        if pid == 0:
            os.close(reader)
            self._line.close()
            _run_and_exit(writer, self._look, request)
        os.close(writer)
        try:
            return _read_until(reader, time.monotonic() + request["timeout_s"])
        finally:
            os.close(reader)
            # Also ends what the test itself has started and left.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            if temporary:
                shutil.rmtree(temporary, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read_until(reader: int, deadline_s: float) -> bytes:
    received = b""
    while True:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0 or not select.select([reader], [], [], left_s)[0]:
            return json.dumps("it did not end in time in a fresh process").encode()
        part = os.read(reader, 65536)
        if not part:
            return received or json.dumps("it ended the fresh process").encode()
        received += part


def _run_and_exit(writer: int, look: Look, request: dict[str, Any]) -> None:
    try:
        os.setsid()
        answer: object = look(request["places"], request["passes"], request["task"])
    except BaseException as error:  # noqa: BLE001 - the end of this process; told to the run
        answer = f"{type(error).__name__} in a fresh process"
    with contextlib.suppress(BaseException):
        os.write(writer, json.dumps(answer).encode())
    os._exit(0)


def own_basetemp(config: pytest.Config, parent: Path | None = None) -> str:
    """Keep a forked process's temporary folders out of those that pytest counts and keeps.

    They are made below ``parent``, or where the system has such. Returns the folder to remove,
    empty where pytest has one already.
    """
    factory: Any = getattr(config, "_tmp_path_factory", None)
    if factory is None or getattr(factory, "_basetemp", None) is not None:
        return ""
    folder = tempfile.mkdtemp(prefix="pytest-carbon-", dir=parent)
    factory._given_basetemp = Path(folder) / "basetemp"  # noqa: SLF001 - no public way
    return folder


def detach_from_terminal(config: pytest.Config) -> None:
    """Let nothing that is printed here reach the user, nor the run's captured output."""
    if config.pluginmanager.hasplugin("pdbinvoke"):
        config.pluginmanager.unregister(name="pdbinvoke")
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    capturing = getattr(capture, "_global_capturing", None)
    if capturing is not None:
        # Only let go: reading would empty a file that the run shares.
        capturing.stop_capturing()
        capture._global_capturing = None  # noqa: SLF001 - no public way without output
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    if capturing is not None:
        capture.start_global_capturing()
