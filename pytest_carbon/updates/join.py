"""Several results as if they had been one run: shards of a suite, or jobs of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind
from pytest_carbon.result.facts import Counted, Course

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.environment import Environment
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["SharedNames", "by_environment", "join_courses", "join_results"]

# pytest's exit statuses, the worst first; 5 (no tests) counts only where no shard had any.
_WORST_FIRST = (3, 4, 2, 1, 0, 5)
_STAY = {"failed", "error"}


def by_environment(results: Iterable[RunResult]) -> dict[Environment, list[RunResult]]:
    """The results of each environment, in their order: others are never summed."""
    groups: dict[Environment, list[RunResult]] = {}
    for result in results:
        groups.setdefault(result.environment, []).append(result)
    return groups


def _unique(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen: set[int] = set()
    for items in lists:
        # Each shard collects the whole suite, and so says the same.
        if id(items) not in seen:
            found.update(dict.fromkeys(items))
            seen.add(id(items))
    return tuple(found)


class SharedNames:
    """Keeps one copy of what many results name: each shard names the tests of all others, too."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._lists: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, result: RunResult) -> RunResult:
        """The same result, with names that it shares with those before it."""
        course = result.course
        course = course._replace(
            collected=self._same(course.collected), deselected=self._same(course.deselected)
        )
        return result._replace(course=course)

    def _same(self, names: tuple[str, ...]) -> tuple[str, ...]:
        known = self._lists.get(names)
        if known is None:
            known = tuple(map(self._names.setdefault, names, names))
            self._lists[known] = known
        return known


def join_courses(courses: Sequence[Course]) -> Course:
    """The course of all: a test was deselected only where no shard was to run it."""
    outcomes: dict[str, str] = {}
    for course in courses:
        for test, outcome in course.outcomes.items():
            if outcomes.get(test) not in _STAY:
                outcomes[test] = outcome
    selected: set[str] = set()
    for course in courses:
        selected |= set(course.collected).difference(course.deselected)
    statuses = [course.exit_status for course in courses]
    unknown = None in statuses
    return Course(
        exit_status=None
        if unknown
        else min(
            (status for status in statuses if status is not None),
            key=lambda status: _WORST_FIRST.index(status) if status in _WORST_FIRST else -1,
        ),
        collected=_unique(course.collected for course in courses),
        deselected=tuple(
            test
            for test in _unique(course.deselected for course in courses)
            if test not in selected
        ),
        narrowed=_unique(course.narrowed for course in courses),
        collection_errors=_unique(course.collection_errors for course in courses),
        collection_skips=_unique(course.collection_skips for course in courses),
        outcomes=outcomes,
        cut_short="; ".join(
            _unique([course.cut_short] if course.cut_short else [] for course in courses)
        ),
        lost_workers=sum(course.lost_workers for course in courses),
    )


def _join_subject(one: SubjectResult, other: SubjectResult) -> SubjectResult:
    """One row of two: what ran once in each shard adds up, a test that ran twice is the worse."""

    def fails(result: SubjectResult) -> bool:
        gated = result.verdict is not None and result.verdict.outcome.fails
        return gated or result.test_outcome in _STAY

    worse = one if fails(one) else other
    if one.subject.kind in {Kind.TEST, Kind.TASK}:
        return worse._replace(times=one.times + other.times)
    return worse._replace(total=one.total.plus(other.total), times=one.times + other.times)


def _notes(results: Sequence[RunResult]) -> tuple[str, ...]:
    notes = [*_unique(result.notes for result in results)]
    commits = _unique([r.origin.commit] if r.origin and r.origin.commit else [] for r in results)
    if len(commits) > 1:
        notes.append(f"these are results of {len(commits)} commits: {', '.join(commits)}")
    pins = dict.fromkeys((r.intensity.g_per_kwh, r.intensity.zone) for r in results)
    if len(pins) > 1:
        grams = ", ".join(f"{g_per_kwh:g} ({zone})" for g_per_kwh, zone in pins)
        notes.append(f"grams are at the first one of several intensities, in g/kWh: {grams}")
    return tuple(notes)


def _counted(results: Sequence[RunResult]) -> tuple[Counted, ...]:
    """What counters showed in all of the runs together, where each of them was counted."""
    sums: dict[str, Counted] = {}
    for result in results:
        for one in result.counted:
            known = sums.get(one.domain)
            sums[one.domain] = (
                one
                if known is None
                else Counted(one.domain, *(a + b for a, b in zip(known[1:], one[1:], strict=True)))
            )
    return tuple(sums.values()) if all(result.counted for result in results) else ()


def join_results(results: Sequence[RunResult]) -> RunResult:
    """One result of several of one environment; raises ``ValueError`` for different ones.

    Wall time is the sum: that of machines, not of people who wait.
    """
    first = results[0]
    if any(result.environment != first.environment for result in results):
        raise ValueError("figures of different environments are never added")
    subjects: dict[Subject, SubjectResult] = {}
    for result in results:
        for subject in result.subjects:
            known = subjects.get(subject.subject)
            subjects[subject.subject] = subject if known is None else _join_subject(known, subject)
    return first._replace(
        subjects=tuple(subjects.values()),
        meters=_unique(result.meters for result in results),
        counted=_counted(results),
        hosts=tuple({host.name: host for result in results for host in result.hosts}.values()),
        wall_s=sum(result.wall_s for result in results),
        workers=sum(result.workers for result in results),
        unavailable=_unique(result.unavailable for result in results),
        notes=_notes(results),
        course=join_courses([result.course for result in results]),
        looks=sum(result.looks for result in results),
        looks_s=sum(result.looks_s for result in results),
        faults=tuple(fault for result in results for fault in result.faults),
        code_digests={
            test: digest for result in results for test, digest in result.code_digests.items()
        },
    )
