"""Runs the suite in a pytest process of its own, and reads what it measured."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.errors import SuiteError
from pytest_carbon.resultfile.file import read_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.result import RunResult

__all__ = ["SuiteRun", "run_suite"]

# After Ctrl-C pytest ends by itself; fixtures that take longer to end than this do not matter.
_PATIENCE_S = 30


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


def run_suite(arguments: Sequence[str], *, shown: bool = False) -> SuiteRun:
    """Run ``pytest --carbon`` with further arguments; ``shown`` lets its output through.

    On Ctrl-C it waits for pytest to end, and raises ``KeyboardInterrupt``.
    """
    with tempfile.TemporaryDirectory(prefix="pytest-carbon-") as name:
        folder = Path(name)
        path = folder / "result.json"
        command = [sys.executable, "-m", "pytest", "--carbon", f"--carbon-report=json:{path}"]
        with (folder / "output.txt").open("w+", encoding="utf-8", errors="replace") as output:
            status = _wait(
                subprocess.Popen(  # noqa: S603 - this Python, with the user's own arguments
                    [*command, *arguments],
                    stdout=None if shown else output,
                    stderr=None if shown else subprocess.STDOUT,
                )
            )
            output.seek(0)
            text = output.read()
        return SuiteRun(
            status=status, result=read_result(path) if path.exists() else None, output=text
        )


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except BaseException:
        # The terminal has told pytest, too; only what does not listen has to be ended.
        try:
            process.wait(_PATIENCE_S)
        except BaseException:  # noqa: BLE001 - whatever it is, a run must not outlive its command
            process.kill()
            process.wait()
        raise
