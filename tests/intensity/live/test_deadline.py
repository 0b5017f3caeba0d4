"""Servers that send a byte now and then: a request ends in time, whatever part of it drips."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.http import Call, Limits, get

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = Limits(connect_s=0.1, read_s=0.1, total_s=0.2, tries=1)

STATUS = (b"", b"H")
HEADER = (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")
HEADERS = (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")
CONTINUES = (b"", b"HTTP/1.1 100 Continue\r\n\r\n")
BODY = (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" ")
CHUNK_SIZE = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0")


@contextlib.contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[tuple[str, threading.Event]]:
    """A server that sends ``first`` at once, then one ``drop`` after the other until it is left."""
    left = threading.Event()
    ended = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(first)
            for _ in itertools.takewhile(lambda _: not ended.wait(0.02), itertools.count()):
                connection.sendall(drop)
        left.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", left
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    "drops", [STATUS, HEADER, HEADERS, CONTINUES, BODY, CHUNK_SIZE], ids=lambda d: repr(d)[:40]
)
def test_a_server_that_drips_is_left_in_time(drops: tuple[bytes, bytes]) -> None:
    before = threading.active_count()
    with dripping(*drops) as (url, left):
        start_s = time.monotonic()
        with pytest.raises(IntensityError, match=r"127\.0\.0\.1 "):
            get(Call(url, limits=LIMITS))
        assert time.monotonic() - start_s < 10
        # The connection is closed, too: nothing goes on in the background.
        assert left.wait(10)
    assert threading.active_count() <= before


def test_the_deadline_is_what_is_said() -> None:
    with dripping(*HEADER) as (url, _), pytest.raises(IntensityError, match="answer in time"):
        get(Call(url, limits=LIMITS))
