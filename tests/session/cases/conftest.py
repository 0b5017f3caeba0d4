"""Runs a suite plainly and with carbon, and tells the session's own process from its looks'."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

WORK = '''
import os
from pathlib import Path

from burn import burn

TRACE = str(Path(__file__).with_name("trace.txt"))

# As imported: a forked child is told as its parent, and a test may replace functions of os.
# Looks have sessions of their own (setsid), which is no word of Windows.
WHO = f"{os.getpid()} {os.getsid(0) if hasattr(os, 'getsid') else os.getppid()}"
COST = float(os.environ["COST"])
_open, _write, _close = os.open, os.write, os.close


def work():
    """What costs more after the change."""
    burn(COST)


def note(what):
    """Write down that something has happened in this process."""
    file = _open(TRACE, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    _write(file, f"{WHO} {what}\\n".encode())
    _close(file)
'''


class Suite:
    """A suite in the test's own folder, whose modules import ``work`` and ``note`` from ``work``.

    ``ran`` counts what was noted in the last run's own processes, workers included, and ``again``
    what was noted in its looks; ``processes`` has the first by process. ``result`` is the last run
    with carbon, from its report. ``costs`` are the CPU seconds of ``work`` before and after the
    change that is to be found.
    """

    def __init__(
        self,
        pytester: pytest.Pytester,
        carbon: Callable[..., pytest.RunResult],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.ran: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.processes: dict[str, Counter[str]] = {}
        self.costs = 0.01, 0.06
        self._pytester = pytester
        self._carbon = carbon
        self._monkeypatch = monkeypatch
        pytester.makepyfile(work=WORK)
        pytester.makeini("[pytest]\ncarbon_speed = off\ncarbon_floor = 1mJ\n")

    def plain(self, *args: str) -> pytest.RunResult:
        """Without carbon."""
        command = [sys.executable, "-m", "pytest", *args]
        return self._run(lambda: self._pytester.run(*command), after=False)

    def store(self, *args: str) -> pytest.RunResult:
        """With ``--carbon-update``, before the change."""
        return self._run(
            lambda: self._carbon(*self._reported("--carbon-update", *args)), after=False
        )

    def unchanged(self, *args: str) -> pytest.RunResult:
        """With the gate, before the change."""
        return self._run(lambda: self._carbon(*self._reported(*args)), after=False)

    def gate(self, *args: str) -> pytest.RunResult:
        """With the gate, after the change."""
        return self._run(lambda: self._carbon(*self._reported(*args)), after=True)

    def is_undisturbed(
        self, *args: str, regressed: int, inconclusive: int = 0, **outcomes: int
    ) -> pytest.RunResult:
        """Plain, stored and gated, a run has these outcomes and runs the same things as often.

        Of those that pass, so many fail at the gate as regressed, and so many stay in doubt.
        Returns the gated run.
        """
        plain = self.plain(*args)
        assert plain.parseoutcomes() == outcomes, plain.stdout.str()
        ran = self.ran
        stored = self.store(*args)
        assert stored.parseoutcomes() == outcomes, stored.stdout.str()
        assert stored.ret == plain.ret
        assert self.ran == ran
        gated = self.gate(*args)
        expected = Counter(outcomes)
        expected["passed"] -= regressed
        expected["failed"] += regressed
        assert gated.parseoutcomes() == {k: n for k, n in expected.items() if n}, gated.stdout.str()
        assert self.count("regressed") == regressed, gated.stdout.str()
        assert self.count("inconclusive") == inconclusive, gated.stdout.str()
        assert self.ran == ran
        return gated

    @property
    def result(self) -> RunResult:
        """The last run with carbon."""
        return read_result(self._pytester.path / "carbon.json")

    def test(self, name: str) -> SubjectResult:
        """A test of the last run with carbon, by what its id ends with."""
        found = [s for s in self.result.of(Kind.TEST) if s.subject.id.endswith(name)]
        assert len(found) == 1, [s.subject.id for s in found]
        return found[0]

    def verdict(self, name: str) -> str:
        """The verdict on a test of the last run with carbon; empty where there is none."""
        verdict = self.test(name).verdict
        return "" if verdict is None else verdict.outcome.value

    def count(self, outcome: str) -> int:
        """How many tests have this verdict."""
        verdicts = [s.verdict for s in self.result.of(Kind.TEST)]
        return sum(v is not None and v.outcome.value == outcome for v in verdicts)

    def _reported(self, *args: str) -> tuple[str, ...]:
        return ("--carbon-report=json:carbon.json", *args)

    def _run(self, run: Callable[[], pytest.RunResult], *, after: bool) -> pytest.RunResult:
        trace = self._pytester.path / "trace.txt"
        for old in (trace, self._pytester.path / "carbon.json"):
            old.unlink(missing_ok=True)
        self._monkeypatch.setenv("COST", str(self.costs[after]))
        result = run()
        self.ran, self.again, self.processes = Counter(), Counter(), {}
        ours = str(os.getsid(0) if hasattr(os, "getsid") else os.getpid())
        for line in trace.read_text().splitlines() if trace.exists() else ():
            process, session, what = line.split(" ", 2)
            if session == ours:
                self.ran[what] += 1
                self.processes.setdefault(process, Counter())[what] += 1
            else:
                self.again[what] += 1
        return result


@pytest.fixture
def suite(
    pytester: pytest.Pytester,
    carbon: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Suite:
    """The suite of a case."""
    return Suite(pytester, carbon, monkeypatch)
