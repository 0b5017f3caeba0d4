"""A deadline that holds whatever the other side does: looking up its name, handshake, header, body.

Time limits of sockets begin anew with every byte, so that a server which sends one now and then is
waited for without an end. Here the waiting is another thread's, whose sockets are shut down.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    import requests

    T = TypeVar("T")

__all__ = ["Sockets", "within"]

_END_S = 1.0


class Sockets:
    """The sockets of a session's connections, in order to end them from outside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._is_over = False

    def watch(self, session: requests.Session) -> None:
        """Get to know every connection that the session will make."""
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(self))

    def add(self, connection: Any) -> None:
        """A connection has got a socket, or another one around it, as TLS does."""
        with self._lock:
            if connection.sock is not None:
                self._open.append(connection.sock)
        if self._is_over:
            self.end()

    def end(self) -> None:
        """End every connection: whoever reads from one gets an error."""
        self._is_over = True
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """The usual adapter, but for connections that tell their sockets."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _tell(self.poolmanager, self._sockets)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _tell(manager, self._sockets)
        return manager


def _tell(manager: Any, sockets: Sockets) -> None:
    if not isinstance(manager.pool_classes_by_scheme, _Telling):
        manager.pool_classes_by_scheme = _Telling(
            (scheme, _telling(pool, sockets))
            for scheme, pool in manager.pool_classes_by_scheme.items()
        )


class _Telling(dict[str, Any]):
    """Classes of pools whose connections tell their sockets."""


def _telling(pool: Any, sockets: Sockets) -> Any:
    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            sockets.add(self)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def within(limit_s: float, do: Callable[[], T], sockets: Sockets) -> T | None:
    """What ``do`` returns or raises; ``None`` where it takes longer, and then it is ended.

    A thread that cannot be ended, since the system looks up a name for it, ends with the process.
    """
    answers: list[T] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(do())
        except BaseException as fault:  # noqa: BLE001 - raised again where it belongs
            faults.append(fault)

    thread = threading.Thread(target=run, name="pytest-carbon-request", daemon=True)
    thread.start()
    try:
        thread.join(limit_s)
    finally:
        late = thread.is_alive()
        if late:
            sockets.end()
            thread.join(_END_S)
    if faults and not late:
        raise faults[0]
    return answers[0] if answers and not late else None
