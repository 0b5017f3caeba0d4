"""Child processes that a test starts while it is profiled, and the CPU time of each."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_carbon.clocks.descendants import reaped_ns
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType, FrameType

__all__ = ["ChildProcesses"]

_current: ChildProcesses | None = None
_is_listening = False


class ChildProcesses:
    """Notes each start of a process, while it is entered.

    What the system has accounted for ended children is charged to the process started last: exact
    where one ends before the next begins.
    """

    def __init__(self) -> None:
        self._starts: list[tuple[tuple[CodeType, ...], str]] = []
        self._readings_ns: list[int] = []

    def __enter__(self) -> ChildProcesses:  # noqa: PYI034 - Self is of Python 3.11
        global _current, _is_listening  # noqa: PLW0603 - an audit hook cannot be taken back
        if not _is_listening:
            _is_listening = True
            sys.addaudithook(_hear)
        _current = self
        return self

    def __exit__(self, *_exc: object) -> None:
        global _current  # noqa: PLW0603
        _current = None
        self._readings_ns.append(reaped_ns())

    def started(self, label: str) -> None:
        """A process starts now, from the code that is running."""
        codes = []
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the way to see who calls
        while frame is not None:
            codes.append(frame.f_code)
            frame = frame.f_back
        self._starts.append((tuple(codes), label))
        self._readings_ns.append(reaped_ns())

    def costs(self) -> Iterator[tuple[Sequence[CodeType], str, float]]:
        """Each process: the code that started it, innermost first, its label, its CPU seconds."""
        for at, (codes, label) in enumerate(self._starts):
            yield codes, label, (self._readings_ns[at + 1] - self._readings_ns[at]) / NS_PER_S


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook: a program or a fork begins."""
    if _current is None:
        return
    if event == "subprocess.Popen":
        _current.started(f"a child process: {_command(arguments[1])}")
    elif event == "os.system":
        _current.started(f"a child process: {_command(str(arguments[0]).split())}")
    elif event in {"os.fork", "os.forkpty"}:
        _current.started("a forked process")


def _command(arguments: Any) -> str:
    """The program and its options; other arguments may differ from run to run."""
    words = [arguments] if isinstance(arguments, (str, bytes, PurePath)) else list(arguments)
    texts = [w.decode(errors="replace") if isinstance(w, bytes) else str(w) for w in words]
    shown = [PurePath(texts[0]).name] if texts else ["?"]
    for at, text in enumerate(texts[1:], 1):
        if text == "-m" and at + 1 < len(texts):
            return " ".join([*shown, text, texts[at + 1]])
        if not text.startswith("-"):
            break
        shown.append(text)
    return " ".join(shown)[:60]
