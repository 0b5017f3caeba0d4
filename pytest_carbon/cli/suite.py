"""Runs the suite in a pytest process of its own, and reads what it measured."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from pytest_carbon.errors import SuiteError
from pytest_carbon.resultfile.file import read_result
from pytest_carbon.scratch import note_process, scratch_folder
from pytest_carbon.signals import held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_carbon.result.run import RunResult

__all__ = ["SuiteRun", "run_suite"]

# Asked to stop, pytest ends its fixtures first; what takes longer than this is ended.
_PATIENCE_S = 10.0
_POLL_S = 0.05
_PERCENT = re.compile(rb"\[ *(\d{1,3})%\]")
_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One run: pytest's exit status, what it measured, and all that it printed.

    ``status`` is negative for a process that a signal ended, ``result`` is ``None`` where the
    run did not come so far as to write one, ``output`` is empty where it was shown already.
    """

    status: int
    result: RunResult | None
    output: str

    @property
    def end(self) -> str:
        """How the process ended, in words."""
        if self.status < 0:
            return f"it was killed by signal {-self.status}"
        return f"pytest ended with exit status {self.status}"

    def need(self, what: str) -> RunResult:
        """The result; raises ``SuiteError`` with pytest's own words where there is none."""
        if self.result is None:
            raise SuiteError(
                f"{what} wrote no result: {self.end}",
                remedy="mend what pytest complains about, and try again",
                output=self.output,
            )
        return self.result


def run_suite(
    arguments: Sequence[str],
    *,
    shown: bool = False,
    progress: Callable[[int], None] | None = None,
) -> SuiteRun:
    """Run ``pytest --carbon`` with further arguments; ``shown`` lets its output through.

    ``progress`` is told now and then how many percent of the tests have run. On Ctrl-C and any
    other exception pytest is ended, with all that it has started, before that goes on.
    """
    with scratch_folder("suite") as folder:
        path = folder / "result.json"
        command = [sys.executable, "-m", "pytest", "--carbon", f"--carbon-report=json:{path}"]
        with (folder / "output.txt").open("wb") as output:
            process = None
            try:
                with held():
                    process = subprocess.Popen(  # noqa: S603 - this Python, the user's arguments
                        [*command, *arguments],
                        stdout=None if shown else output,
                        stderr=None if shown else subprocess.STDOUT,
                        start_new_session=True,
                    )
                    note_process(folder, process.pid)
                status = _wait(process, folder / "output.txt", progress)
            finally:
                if process is not None:
                    _end(process)
        return SuiteRun(
            status=status,
            result=read_result(path) if path.exists() else None,
            output=(folder / "output.txt").read_text(encoding="utf-8", errors="replace"),
        )


def _wait(
    process: subprocess.Popen[bytes], output: Path, progress: Callable[[int], None] | None
) -> int:
    while True:
        status = process.poll()
        if status is not None:
            return status
        if progress is not None:
            with output.open("rb") as file:
                file.seek(max(0, output.stat().st_size - _TAIL_BYTES))
                found = _PERCENT.findall(file.read())
            if found:
                progress(int(found[-1]))
        sleep(_POLL_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask pytest to stop where it still runs, and end what does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        until_s = monotonic() + _PATIENCE_S
        with contextlib.suppress(KeyboardInterrupt):
            while process.poll() is None and monotonic() < until_s:
                sleep(_POLL_S)
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
    elif process.poll() is None:
        process.kill()
    process.wait()
