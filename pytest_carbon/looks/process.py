"""Taking a look: starts its processes, watches them from outside, and reads what they answer.

All goes through files in a folder of its own: a test may close whatever is open in its process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from pytest_carbon.looks.answer import Transcript, UnitAnswer, read_answers
from pytest_carbon.looks.order import LOOK_VARIABLE, OUT_OF_TIME
from pytest_carbon.scratch import note_process, scratch_folder
from pytest_carbon.signals import EndedBySignal, ended_by_signals, held
from pytest_carbon.system import System

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.looks.invocation import Invocation
    from pytest_carbon.looks.order import LookOrder, Unit

__all__ = ["ANSWERS", "ORDER", "OUTPUT", "take_look"]

ORDER, ANSWERS, OUTPUT = "order.json", "answers.jsonl", "output.txt"
"""The files in a look's folder."""

# Importing and collecting may take long, but not for ever.
START_S = 300.0
_END_S = 20.0
_POLL_S = 0.02

# Each process that a test ends costs a start; after so many the rest goes unanswered.
_MOST_PROCESSES = 8
_SHOWN_BYTES = 4000


def take_look(
    order: LookOrder, invocation: Invocation, *, until_s: float | None = None
) -> dict[Unit, UnitAnswer]:
    """Run the tests of ``order`` in a fresh process, and in further ones where a test ends it.

    ``until_s`` is when it has to be over, by ``time.monotonic``. Every unit has an answer, be it
    only a problem in words. On any exception, Ctrl-C included, the process is ended first; so it
    is on SIGTERM and SIGHUP, which then do what they would have done without it.
    """
    try:
        with ended_by_signals():
            return _take_look(order, invocation, until_s)
    except EndedBySignal as request:
        System.kill(System.getpid(), request.number)
        raise


def _take_look(
    order: LookOrder, invocation: Invocation, until_s: float | None
) -> dict[Unit, UnitAnswer]:
    done: list[tuple[LookOrder, Transcript]] = []
    pending = order.units
    failure = ""
    for _ in range(_MOST_PROCESSES):
        part = order.only(pending)
        transcript = _run_process(part, invocation, until_s)
        done.append((part, transcript))
        failure = transcript.failure
        pending = transcript.unfinished
        if not failure and until_s is not None and System.monotonic() > until_s:
            failure = OUT_OF_TIME
        if not pending or failure:
            break
    answers = read_answers(done)
    why = failure or "the processes of its look ended before its turn"
    return {unit: answers.get(unit, UnitAnswer(problem=why)) for unit in order.units}


def _run_process(order: LookOrder, invocation: Invocation, until_s: float | None) -> Transcript:
    transcript = Transcript(order)
    with scratch_folder("look") as folder:
        (folder / ORDER).write_text(System.dumps(order.to_plain()), encoding="utf-8")
        process = None
        try:
            with (folder / OUTPUT).open("wb") as output, held():
                process = subprocess.Popen(  # noqa: S603 - this Python, the user's own arguments
                    invocation.command,
                    cwd=invocation.folder,
                    env={**invocation.environ, LOOK_VARIABLE: str(folder)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                note_process(folder, process.pid)
            _watch(process, folder / ANSWERS, order, transcript, until_s)
        except OSError as error:
            if process is not None:
                raise
            transcript.failure = f"no process can be started ({error})"
            return transcript
        finally:
            if process is not None:
                _end(process)
        if transcript.failure and not transcript.ready:
            transcript.failure += _last_words(folder / OUTPUT)
        return transcript


def _watch(
    process: subprocess.Popen[bytes],
    answers: Path,
    order: LookOrder,
    transcript: Transcript,
    until_s: float | None,
) -> None:
    """Read answers until the process has ended, or must be ended."""
    limits = {ask.test: ask.timeout_s for ask in order.asks}
    read = _Lines(answers)
    deadline_s = System.monotonic() + START_S
    while True:
        ended = process.poll() is not None
        for line in read():
            transcript.take(line)
            deadline_s = System.monotonic() + limits.get(transcript.running, _END_S)
        if ended:
            if transcript.unfinished:
                transcript.ended(_how_it_ended(process.returncode, transcript))
            return
        if until_s is not None and System.monotonic() > until_s:
            transcript.ended(OUT_OF_TIME)
            return
        if System.monotonic() > deadline_s:
            transcript.ended("it did not end in time")
            return
        System.sleep(_POLL_S)


def _how_it_ended(status: int, transcript: Transcript) -> str:
    if status < 0:
        return f"it was ended by signal {-status}"
    if transcript.running:
        return f"it ended its process with exit status {status}"
    return f"pytest ended with exit status {status}"


class _Lines:
    """Reads the whole lines that a file has gained."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def __call__(self) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except OSError:
            return []
        end = data.rfind(b"\n") + 1
        self._at += end
        return data[:end].splitlines()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and what its tests have started and left."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
    elif process.poll() is None:
        _kill_tree(process.pid)
    process.wait()


def _kill_tree(pid: int) -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for child in (*parent.children(recursive=True), parent):
            with contextlib.suppress(psutil.Error):
                child.kill()


def _last_words(output: Path) -> str:
    with contextlib.suppress(OSError):
        lines = output.read_bytes()[-_SHOWN_BYTES:].decode(errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return f": {said[-1]}"
    return ""
