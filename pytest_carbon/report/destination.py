"""Where reports go: ``KIND:PATH``, checked before any test runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.errors import ReportError, SettingError
from pytest_carbon.home import expand
from pytest_carbon.record import NamedTuple
from pytest_carbon.report.comment import PLAIN, Comment
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.stream import is_folder, is_stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_carbon.settings import Wish

__all__ = ["Destination", "parse_destinations", "probe"]


class Destination(NamedTuple):
    """A report of one kind, and the file that it goes to; ``None`` is the terminal."""

    kind: str
    path: Path | None
    comment: Comment = PLAIN


def parse_destinations(wishes: Iterable[Wish], comment: Comment = PLAIN) -> tuple[Destination, ...]:
    """The destinations that were asked for; raises ``SettingError`` for what is not one."""
    destinations: dict[Path | str, Destination] = {}
    for wish in wishes:
        kind, _, path = wish.text.partition(":")
        if kind not in KINDS:
            raise SettingError(
                f"{wish.place}={wish.text}: {kind!r} is no kind of report",
                remedy=f"write it like json:carbon.json, with one of {', '.join(KINDS)}",
            )
        if not path.strip() and KINDS[kind].prints:
            destinations[kind] = Destination(kind=kind, path=None)
            continue
        if not path.strip():
            raise SettingError(
                f"{wish.place}={wish.text} names no file",
                remedy=f"write it like {kind}:carbon{KINDS[kind].suffix}",
            )
        target = wish.folder / expand(path.strip(), f"{wish.place}={wish.text}")
        other = destinations.get(target)
        if other is not None and other.kind != kind:
            raise SettingError(
                f"{wish.place}={wish.text}: {other.kind} goes to the same file",
                remedy="give each report a file of its own",
            )
        destinations[target] = Destination(kind=kind, path=target, comment=comment)
    return tuple(destinations.values())


def probe(destination: Destination) -> None:
    """Make sure that the file can be written, without touching it; its folder is made.

    Raises ``ReportError`` where it cannot.
    """
    path = destination.path
    if path is None:
        return
    remedy = "name a file in a folder that you may write to"
    try:
        if is_folder(path):
            raise ReportError(
                f"the {destination.kind} report cannot be written: {path} is a folder",
                remedy=remedy,
            )
        if is_stream(path):
            return  # a pipe or a terminal
        path.parent.mkdir(parents=True, exist_ok=True)
        # Permissions tell only half: a file system may be read-only, or full.
        trial = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
        trial.touch(exist_ok=False)
        trial.unlink()
        if path.exists():
            path.open("ab").close()
            KINDS[destination.kind].check(path)
    except OSError as error:
        raise ReportError(
            f"the {destination.kind} report cannot be written to {path}: {error.strerror}",
            remedy=remedy,
        ) from None
