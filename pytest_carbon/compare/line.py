"""The line between a comparison and one process of a side: a JSON object a line, both ways."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from typing import Any

from pytest_carbon.intake.fault import FaultError, parse_json

__all__ = ["Line", "LineLostError"]

_CHUNK = 65536


class LineLostError(Exception):
    """The process at the other end has ended, or does not answer in time."""


class Line:
    """One end of a socket pair; a message may carry a file descriptor."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._buffer = b""
        self._descriptors: list[int] = []

    @classmethod
    def on(cls, descriptor: int) -> Line:
        """The line on an inherited file descriptor."""
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """The socket's descriptor, for ``select`` and for a child."""
        return self._end.fileno()

    def send(self, message: dict[str, Any], descriptor: int | None = None) -> None:
        """Send one message; raises ``LineLostError``."""
        data = json.dumps(message).encode() + b"\n"
        try:
            if descriptor is not None:
                # With the first byte only: a partial send must not pass it on twice.
                socket.send_fds(self._end, [data[:1]], [descriptor])  # type: ignore[attr-defined, unused-ignore]
                data = data[1:]
            self._end.sendall(data)
        except OSError as error:
            raise LineLostError(str(error)) from None

    def receive(self, timeout_s: float | None = None) -> dict[str, Any]:
        """The next message; raises ``LineLostError`` at the end, or after ``timeout_s``."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            if not select.select([self._end], [], [], left_s)[0]:
                raise LineLostError(f"no answer in {timeout_s:.0f} s")
            try:
                data, descriptors, _, _ = socket.recv_fds(self._end, _CHUNK, 1)  # type: ignore[attr-defined, unused-ignore]
            except OSError as error:
                raise LineLostError(str(error)) from None
            if not data:
                raise LineLostError("it has ended")
            self._buffer += data
            self._descriptors += descriptors
        text, _, self._buffer = self._buffer.partition(b"\n")
        try:
            message = parse_json(text, "a message")
        except FaultError as fault:
            raise LineLostError(f"what it says {fault}") from None
        if type(message) is not dict:
            raise LineLostError("what it says is no message")
        return message

    def take_descriptor(self) -> int:
        """The file descriptor that came with a message."""
        return self._descriptors.pop(0)

    def end(self) -> None:
        """Tell the other end that no more will come; may be called twice."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)

    def wait_for_end(self, patience_s: float) -> None:
        """Wait until the other end has closed the line, too; no longer than ``patience_s``."""
        with contextlib.suppress(LineLostError):
            while True:
                self.receive(patience_s)

    def close(self) -> None:
        """Close this end; may be called twice."""
        self._end.close()
