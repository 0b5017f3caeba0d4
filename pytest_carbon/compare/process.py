"""One process of a side that runs tests, and what it answers."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.compare.line import LineLostError
from pytest_carbon.errors import CompareError
from pytest_carbon.explain.profile import OUTSIDE, Profile
from pytest_carbon.explain.spent import Spent
from pytest_carbon.intake.fault import FaultError
from pytest_carbon.record import NamedTuple
from pytest_carbon.resultfile.codec import from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.compare.line import Line
    from pytest_carbon.explain.spent import Lines
    from pytest_carbon.measurement import Measurement

T = TypeVar("T")

__all__ = ["END_S", "PATIENCE_S", "Process", "Run", "kill_group"]

END_S = 5.0
"""How long a process may take to end by itself."""

PATIENCE_S = 900.0
"""A test that has not answered for so long is taken to hang."""


class Run(NamedTuple):
    """One run of one test: pytest's outcome, and the cost of a passed run.

    ``apart`` says that other threads or children took part of the work.
    """

    outcome: str
    reason: str = ""
    cost: Measurement | None = None
    apart: bool = False


class Process:
    """One process of a side that runs tests when told to.

    ``pid`` is ``None`` where the session itself runs them.
    """

    def __init__(self, line: Line, pid: int | None) -> None:
        self._line = line
        self._pid = pid

    def begin(self, test: str, *, cpu: int | None, seed: int) -> None:
        """Let the process run a test once, on one CPU or on any; ``finish`` has the answer."""
        self._line.send({"do": "run", "test": test, "cpu": cpu, "seed": seed})

    def finish(self) -> Run:
        """The answer to ``begin``; raises ``LineLostError`` where the test ended its process."""
        run = _read(Run, self._line.receive(PATIENCE_S))
        if run.outcome == "fault":
            raise CompareError(
                f"measuring failed in a side: {run.reason}",
                remedy="run pytest-carbon doctor there, and report it if that finds nothing",
            )
        return run

    def profile(self, test: str, *, cpu: int | None, seed: int, waits: bool) -> Profile | None:
        """Run a test once under a profiler; ``None`` where it does not pass.

        Raises ``LineLostError`` where the test ended its process.
        """
        for has_threads in (False, True):
            self._line.send(
                {
                    "do": "profile",
                    "test": test,
                    "cpu": cpu,
                    "seed": seed,
                    "waits": waits,
                    "has_threads": has_threads,
                }
            )
            answer = self._line.receive(PATIENCE_S)
            if answer.get("outcome") != "passed":
                return None
            if answer.get("profile") is not None:
                return _checked(_read(Profile, answer["profile"]))
        return None

    def spent(
        self,
        test: str,
        functions: Sequence[Lines],
        *,
        cpu: int | None,
        seed: int,
        is_cpu_time: bool,
    ) -> Spent | None:
        """Run a test once; the time that it spends in each function, ``None`` if it does not pass.

        Raises ``LineLostError`` where the test ended its process.
        """
        self._line.send(
            {
                "do": "spent",
                "test": test,
                "cpu": cpu,
                "seed": seed,
                "functions": list(functions),
                "is_cpu_time": is_cpu_time,
            }
        )
        spent = _read(Spent, self._line.receive(PATIENCE_S))
        if spent.outcome != "passed":
            return None
        if len(spent.spent_s) != len(functions):
            raise LineLostError("its answer lacks functions")
        return spent

    def imports(self) -> Mapping[str, Mapping[str, str]]:
        """What the process has imported so far."""
        self._line.send({"do": "imports"})
        return self._line.receive(PATIENCE_S)

    def end(self) -> None:
        """Tell the process to end its fixtures and itself; ``close`` waits for it."""
        self._line.end()

    def close(self) -> None:
        """End the process, by itself if it does so in time; may be called twice."""
        self.end()
        self._line.wait_for_end(END_S)
        self.kill()

    def kill(self) -> None:
        """End the process at once, with what its tests have started."""
        self._line.close()
        if self._pid is not None:
            kill_group(self._pid)
            self._pid = None


def _read(wanted: type[T], plain: object) -> T:
    """What a process has answered; raises ``LineLostError`` for what a test has left of it."""
    try:
        answer: T = from_plain(wanted, plain)
    except FaultError as fault:
        raise LineLostError(f"{'.'.join(fault.path)} of its answer {fault}") from None
    return answer


def _checked(profile: Profile) -> Profile:
    """The profile, where each of its calls is between two of its functions."""
    end = len(profile.functions)
    if not all(OUTSIDE <= call.caller < end and call.callee < end for call in profile.calls):
        raise LineLostError("its profile lacks functions")
    return profile


def kill_group(pid: int) -> None:
    """End a process at once, with all that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
