"""The rounds of a refresh: what one is, how many are needed, and those finished before."""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from pytest_carbon.cli.output import say
from pytest_carbon.errors import SettingError
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.spread import centre_error, sample_sd, shrunk_sd, suite_sd
from pytest_carbon.intake.fault import FaultError, parse_json
from pytest_carbon.intake.regular_file import read_regular
from pytest_carbon.looks.confirm import repeats_for
from pytest_carbon.looks.invocation import plain_invocation
from pytest_carbon.looks.process import take_look
from pytest_carbon.looks.taker import LookTaker
from pytest_carbon.looks.to_store import STORED_LOOK_S, look_to_store, worth_a_look
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.resultfile.file import read_result, write_result
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY
from pytest_carbon.tasks.names import owner_of
from pytest_carbon.text import printable_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import LookRuns

__all__ = [
    "FinishedRounds",
    "Progress",
    "look_at",
    "quick_to_look_at",
    "unsure_of",
    "with_look",
]

# Runs of a test after the first one in a look. More would tell little, as they share the moment.
REPEATS = 3

# A test is known well enough when the error of what looks are held against is this part of the
# tolerance. Of noisier tests further rounds do not find more: a look's own spread decides.
ENOUGH = 0.25

# One test that hangs must not keep a refresh for ever.
_TIMEOUT_S = 120.0

_MOST_BYTES = 2**20


def with_look(
    result: RunResult,
    stored: BaselineFile | None,
    arguments: Sequence[str],
    among: frozenset[Subject] | None = None,
    before: RunResult | None = None,
) -> tuple[RunResult, list[str]]:
    """The round's result with one more look, and what there is to say about that.

    At all tests that are worth it, or at those with subjects ``among`` these. A sum is known only
    of short tests that every look has seen, so they are the same as in the round ``before``.
    """
    passed = [
        subject
        for subject in (*result.of(Kind.TEST), *result.of(Kind.TASK))
        if subject.test_outcome == "passed"
    ]
    names = frozenset(s.subject.id for s in passed if s.subject.kind is Kind.TEST)
    tasks: dict[str, list[Subject]] = {}
    for subject in passed:
        if subject.subject.kind is Kind.TASK:
            tasks.setdefault(owner_of(subject.subject.id, names), []).append(subject.subject)
    looked_at = [] if before is None else [s.subject for s in before.subjects if s.looks]
    tests = worth_a_look(
        (s for s in passed if s.subject.kind is Kind.TEST), result.floor_j, frozenset(looked_at)
    )
    if among is not None:
        tests = [
            test
            for test in tests
            if test.subject in among or not among.isdisjoint(tasks.get(test.subject.id, ()))
        ]
    found, problems = look_to_store(
        tests,
        tasks,
        _taker(result, arguments),
        floor_j=result.floor_j,
        most_repeats=REPEATS,
        sensitivity=lambda subject: _sensitivity(stored, subject),
        timeout_s=_TIMEOUT_S,
    )
    subjects = tuple(
        s._replace(looks=(*s.looks, found[s.subject])) if s.subject in found else s
        for s in result.subjects
    )
    notes = [f"{test}: measured again: {why}" for test, why in problems.items()]
    return result._replace(subjects=subjects), notes


def look_at(
    names: Sequence[str], result: RunResult, reference_ns: float | None, arguments: Sequence[str]
) -> dict[Subject, LookRuns]:
    """One look at some tests of a round."""
    wanted = set(names)
    tests = [test for test in result.of(Kind.TEST) if test.subject.id in wanted]
    found, _ = look_to_store(
        tests,
        {},
        _taker(result, arguments)._replace(reference_ns=reference_ns),
        floor_j=result.floor_j,
        most_repeats=REPEATS,
        sensitivity=lambda _: DEFAULT_SENSITIVITY,
        timeout_s=_TIMEOUT_S,
    )
    return found


def _sensitivity(stored: BaselineFile | None, subject: Subject) -> float:
    entry = None if stored is None else stored.entries.get(subject)
    known = None if entry is None else entry.sensitivity
    return DEFAULT_SENSITIVITY if known is None else known


def _taker(result: RunResult, arguments: Sequence[str]) -> LookTaker:
    no_cov = ["--no-cov"] if find_spec("pytest_cov") is not None else []
    invocation = plain_invocation([*no_cov, "--carbon", *arguments], Path.cwd(), os.environ)
    return LookTaker(
        take=lambda order, until_s: take_look(order, invocation, until_s=until_s),
        reference_ns=result.reference_ns,
        probe=result.environment.speed,
    )


def unsure_of(planned: BaselineFile, policy: Policy) -> list[Subject]:
    """What is gated by itself and not known well enough for the rise it is allowed."""
    entries = _gated_alone(planned)
    usual_sd = suite_sd(entries.values(), policy.floor_j)
    bounds = ((subject, Bounds.of(entry, policy, usual_sd)) for subject, entry in entries.items())
    return [subject for subject, one in bounds if _error(one) > ENOUGH * one.allowed_log]


def quick_to_look_at(planned: BaselineFile) -> list[Subject]:
    """What is gated by itself and so short that a look runs it several times."""
    return [
        subject
        for subject, entry in _gated_alone(planned).items()
        if repeats_for(entry.wall_s, REPEATS, STORED_LOOK_S) > 1
    ]


def _gated_alone(planned: BaselineFile) -> dict[Subject, Entry]:
    return {
        subject: entry
        for subject, entry in planned.entries.items()
        if subject.kind is not Kind.FILE and not entry.is_short
    }


def _error(bounds: Bounds) -> float:
    """How far what looks are held against may be off, as a part of the whole test's cost."""
    entry = bounds.entry
    if entry.look is None:
        return centre_error(bounds.first_sd, entry.first)
    part = min(1.0, entry.look.centre_j / entry.first.centre_j)
    # Of a long test each look is one run, and the first runs tell as much of its spread.
    usual_sd = shrunk_sd(entry.first.sd_log, entry.first.samples, bounds.suite_sd)
    return part * centre_error(sample_sd(entry.look, usual_sd), entry.look)


class FinishedRounds:
    """Keeps finished rounds in a folder, so that an interrupted refresh can go on with them."""

    def __init__(self, cwd: Path, arguments: Sequence[str]) -> None:
        self._folder = cwd / ".pytest-carbon" / "refresh"
        self._arguments = list(arguments)

    def begin(self, *, resume: bool) -> list[RunResult]:
        """Forget earlier rounds, or take them; raises ``SettingError`` where there are none."""
        if not resume:
            self.clear()
            return []
        asked = self._folder / "arguments.json"
        try:
            before = parse_json(read_regular(asked, most_bytes=_MOST_BYTES).data, "arguments")
        except FileNotFoundError:
            raise SettingError(
                "--resume: no refresh was interrupted in this folder", remedy="leave it out"
            ) from None
        except (OSError, FaultError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise SettingError(
                f"--resume: {asked} cannot be used: {why}", remedy="leave --resume out"
            ) from None
        if before != self._arguments:
            raise SettingError(
                f"--resume: the interrupted refresh had other arguments for pytest: {before}",
                remedy="give the same ones after --, or leave --resume out",
            )
        return [read_result(path) for path in sorted(self._folder.glob("round-*.json"))]

    def keep(self, number: int, result: RunResult) -> str:
        """Keep a round that has just finished; where that fails, why, and the refresh goes on."""
        try:
            self._write(number, result)
        except OSError as error:
            return f"this round is not kept for --resume: {error.strerror or error}"
        return ""

    def _write(self, number: int, result: RunResult) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # As pytest does with its cache: the folder is nobody's to commit.
        (self._folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        (self._folder / "arguments.json").write_text(json.dumps(self._arguments), encoding="utf-8")
        path = self._folder / f"round-{number:03}.json"
        path.with_suffix(".new").write_text(write_result(result), encoding="utf-8")
        path.with_suffix(".new").replace(path)

    @property
    def count(self) -> int:
        """How many rounds are kept."""
        return len(list(self._folder.glob("round-*.json")))

    def clear(self) -> None:
        """Remove all rounds, and the folder where nothing else is in it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._folder.parent.is_dir() and set(os.listdir(self._folder.parent)) <= {".gitignore"}:  # noqa: PTH208
            shutil.rmtree(self._folder.parent, ignore_errors=True)


class Progress:
    """Says how far a refresh is: on a terminal in one line, else a line a round."""

    def __init__(self, rounds: str) -> None:
        self._rounds = rounds
        self._start_s = monotonic()
        self._shown = ""
        self._is_terminal = sys.stdout.isatty()

    def at(self, number: int, what: str) -> None:
        """A round does something."""
        text = f"round {number} of {self._rounds}: {what}"
        if self._is_terminal and text != self._shown:
            sys.stdout.write(f"\r\033[K{printable_line(text)}")
            sys.stdout.flush()
            self._shown = text

    def end(self, text: str) -> None:
        """A line that stays."""
        if self._is_terminal and self._shown:
            sys.stdout.write("\r\033[K")
            self._shown = ""
        say(text)
