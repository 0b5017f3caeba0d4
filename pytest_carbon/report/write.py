"""Writes a finished result to its destinations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.baseline.lock import default_lock_folder, locked
from pytest_carbon.baseline.replace import replace_file
from pytest_carbon.errors import BaselineError, ReportError
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.stream import is_stream, write_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_carbon.history.point import Point
    from pytest_carbon.report.comment import Comment
    from pytest_carbon.report.destination import Destination
    from pytest_carbon.report.kinds import Kind
    from pytest_carbon.result.run import RunResult

__all__ = ["nothing_said", "write_report"]

_LOCK_TIMEOUT_S = 60.0


def write_report(
    result: RunResult, destination: Destination, past: Sequence[Point] = ()
) -> list[str]:
    """Render one kind into its file, which is replaced as a whole or appended to under a lock.

    It is compressed where its name ends in ``.gz``, unless it is appended to. A pipe or a device
    gets the whole text, of kinds that append, too.

    Returns what there is to say about it. Raises ``ReportError`` where it cannot be written.
    """
    kind, path = KINDS[destination.kind], destination.path
    assert path is not None, "a report without a file is printed"
    notes: list[str] = []
    try:
        if is_stream(path):
            write_stream(path, _bytes(kind.render(result, past, destination.comment)))
            return []
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind.appends:
            return _append(result, kind, destination, path)
        parts: Iterable[bytes] = map(_bytes, kind.parts(result, past, destination.comment))
        if kind.comments:
            whole = b"".join(parts)
            parts = [whole]
            notes += [] if whole else [nothing_said(f"{path.name} is empty", destination.comment)]
        if path.suffix == ".gz":
            parts = _compressed(parts)
        replace_file(path.resolve(), parts, str(os.getpid()))
    except OSError as error:
        raise ReportError(
            f"the {destination.kind} report cannot be written to {path}: {error.strerror}",
            remedy="the figures stand in the terminal's summary; name another file and run again",
        ) from None
    return notes


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")


def _compressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """As a gzip file without a time, so that the same result is the same file."""
    import zlib

    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for part in parts:
        yield packer.compress(part)
    yield packer.flush()


def nothing_said(consequence: str, comment: Comment) -> str:
    """Why there is no comment, and how to get one."""
    return f"nothing changed, so {consequence}; {comment.flag} writes it anyway"


def _append(result: RunResult, kind: Kind, destination: Destination, path: Path) -> list[str]:
    try:
        with locked(path, default_lock_folder(), _LOCK_TIMEOUT_S):
            kind.check(path)
            data = _bytes(kind.extend(result, path, destination.comment))
            if not data and kind.comments:
                nothing = f"nothing is appended to {path.name}"
                return [nothing_said(nothing, destination.comment)]
            if not data:
                return [f"nothing is appended to {path.name}: the run's energy is unknown"]
            # One write at the end of the file: whoever else appends does not come in between.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            with open(descriptor, "ab", buffering=0) as file:  # noqa: PTH123 - a descriptor
                file.write(data)
    except BaselineError as error:
        raise ReportError(error.problem, remedy="wait for the other run that writes it") from None
    return []
