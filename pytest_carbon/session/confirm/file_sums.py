"""Tests too short to gate by themselves: judged together, file by file, as if they were one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.sums import Part, as_suspect, movers, subset
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.looks.questions import AgainstBaseline
from pytest_carbon.measurement import Kind, Subject, file_of, sum_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.result.subject import SubjectResult
from pytest_carbon.units import format_change, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.looks import Suspect
    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.looks.questions import Question, Tested
    from pytest_carbon.session.judge import Judge

__all__ = ["FileSum", "file_sums"]

_NAMED = 5


class FileSum(NamedTuple):
    """The short tests of one file: their results, and the suspect that they are together.

    ``chosen`` are those that are run to confirm it, ``whole`` the suspect of all of them and
    ``part`` that of the chosen ones. ``at_once`` is a verdict that needs no look.
    """

    subject: Subject
    tests: tuple[SubjectResult, ...]
    chosen: tuple[SubjectResult, ...]
    parts: tuple[Part, ...]
    whole: Suspect
    part: Suspect
    is_open: bool
    at_once: Verdict | None

    def question(self, tested: Tested) -> Question:
        """What is asked where it is open."""
        return AgainstBaseline(tested=tested, suspect=self.part)

    def row(self, verdict: Verdict | None) -> SubjectResult:
        """The row of the file; a failing one names the tests that moved most."""
        verdict = self.at_once if verdict is None else verdict
        fails = verdict is not None and verdict.outcome.fails
        named = movers(self.parts, _NAMED) if fails else []
        total = sum_of(test.total for test in self.tests)
        assert total is not None, "a file is here because of its tests"
        return SubjectResult(
            subject=self.subject,
            total=total,
            times=len(self.tests),
            verdict=verdict,
            notes=tuple(map(_moved, named)),
            path=self.subject.id,
            host=self.tests[0].host,
        )


def file_sums(tests: Iterable[SubjectResult], judge: Judge) -> list[FileSum]:
    """One sum a file that has tests which are too small to gate."""
    by_file: dict[str, list[SubjectResult]] = {}
    for test in tests:
        small = test.verdict is not None and test.verdict.outcome is Outcome.TOO_SMALL
        if small and test.subject.kind is Kind.TEST:
            by_file.setdefault(file_of(test.subject.id), []).append(test)
    return [_file_sum(file, found, judge) for file, found in by_file.items()]


def _file_sum(file: str, tests: Sequence[SubjectResult], judge: Judge) -> FileSum:
    subject = Subject(Kind.FILE, file)
    stored = judge.entry(subject)
    parts = [_part(test, judge) for test in tests]
    whole = _suspect(parts, stored, judge)
    raw_j = sum(part.raw_now_j or 0.0 for part in parts)
    crept = creep(whole.bounds)
    is_open = crept is None and whole.bounds.is_suspect(whole.first_j, raw_j)
    # Looks can be held only against what looks have stored.
    known = [
        pair for pair in zip(tests, parts, strict=True) if pair[1].entry.look is not None
    ] or list(zip(tests, parts, strict=True))
    # Thousands of tests tell no more than some hundreds of them do, picked all over the file.
    chosen = subset(known, lambda pair: pair[0].total.wall_s) if is_open else known
    part = whole
    if is_open:
        part = _suspect([one for _, one in chosen], stored, judge, whole.bounds.centre_j)
    at_once = crept
    if crept is None and not is_open:
        at_once = verdict_without_confirmation(whole.first_j, whole.bounds, raw_now_j=raw_j)
    return FileSum(
        subject=subject,
        tests=tuple(tests),
        chosen=tuple(test for test, _ in chosen),
        parts=tuple(parts),
        whole=whole,
        part=part,
        is_open=is_open,
        at_once=at_once,
    )


def _part(test: SubjectResult, judge: Judge) -> Part:
    entry = judge.entry(test.subject)
    assert entry is not None, "only a test with a baseline is known to be too small"
    return Part(
        name=test.subject.id,
        entry=entry,
        now_j=test.total.energy_j or 0.0,
        raw_now_j=test.total.raw_j,
    )


def _suspect(
    parts: Sequence[Part], stored: Entry | None, judge: Judge, of_j: float | None = None
) -> Suspect:
    return as_suspect(
        parts,
        judge.policy,
        stored,
        of_j=of_j,
        suite_sd=judge.suite_sd,
        suite_size=judge.suite_size,
    )


def _moved(part: Part) -> str:
    before_j = part.entry.first.centre_j
    change = f" ({format_change(part.now_j / before_j)})" if before_j > 0 else ""
    return f"{part.name}: {format_energy(before_j)} → {format_energy(part.now_j)}{change}"
