"""What finished runs say of each subject: the entries that may be stored.

Pure functions on results of one environment, at one reference of the speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, Subject, file_of
from pytest_carbon.tasks.names import owner_of
from pytest_carbon.updates.entries import (
    at_reference,
    entry_from_runs,
    short_from_runs,
    sum_from_runs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import LookRuns, SubjectResult

__all__ = [
    "code_digests",
    "common_reference_ns",
    "measured_entries",
    "not_passed",
    "passed_results",
]

# Correcting with another sensitivity changes a figure less than so many times: the speed of a core
# was seen to vary by 1.9, and sensitivities by 0.9 about the default.
FAR_BELOW = 2.0


def not_passed(runs: Sequence[RunResult]) -> dict[str, str]:
    """The tests whose figures do not count, and what became of them where they did not pass."""
    return {
        test: outcome
        for run in runs
        for test, outcome in run.course.outcomes.items()
        if outcome != "passed"
    }


def common_reference_ns(runs: Sequence[RunResult]) -> float | None:
    """The speed to correct to where none is stored: the middle one of the runs' own.

    Each process finds out anew how fast its core can be, which is off by 2 to 6 %.
    """
    known = sorted(run.reference_ns for run in runs if run.reference_ns is not None)
    return known[len(known) // 2] if known else None


def passed_results(
    runs: Sequence[RunResult], reference_ns: float | None
) -> dict[Subject, list[SubjectResult]]:
    """The results of each test that passed wherever it ran, and of its tasks, at one reference."""
    left_out = not_passed(runs)
    tests = frozenset(test for run in runs for test in run.course.outcomes)
    passed: dict[Subject, list[SubjectResult]] = {}
    for run in runs:
        factor = 1.0
        if reference_ns is not None and run.reference_ns is not None:
            factor = reference_ns / run.reference_ns
        for result in (*run.of(Kind.TEST), *run.of(Kind.TASK)):
            test = result.subject.id
            if result.subject.kind is Kind.TASK:
                test = owner_of(test, tests)
            if result.test_outcome == "passed" and test not in left_out:
                passed.setdefault(result.subject, []).append(at_reference(result, factor))
    return passed


def code_digests(runs: Sequence[RunResult]) -> dict[str, str]:
    """The digests of the tests' code, by their ids, as the latest run has them."""
    return {test: digest for run in runs for test, digest in run.code_digests.items()}


def measured_entries(
    stored: Mapping[Subject, Entry],
    passed: Mapping[Subject, Sequence[SubjectResult]],
    runs: Sequence[RunResult],
    beside_load: Mapping[Subject, Sequence[LookRuns]],
    floor_j: float,
) -> dict[Subject, Entry]:
    """The entry of each subject, with the sensitivity that is stored where there is an entry.

    Two figures that were corrected with different sensitivities differ though nothing changed.
    What costs less than ``floor_j`` is short, and part of its file's sum.
    """
    digests = code_digests(runs)
    measured: dict[Subject, Entry] = {}
    for subject, results in passed.items():
        old = stored.get(subject)
        if _is_far_below(results, floor_j):
            entry = short_from_runs(results)
        else:
            entry = entry_from_runs(
                results,
                None if old is None else old.sensitivity,
                fits_sensitivity=old is None or old.is_short,
                beside_load=beside_load.get(subject, ()),
            )
            if entry is not None and entry.first.centre_j < floor_j:
                entry = short_from_runs(results)
        if entry is not None:
            measured[subject] = entry._replace(body=digests.get(subject.id))
    return measured | _sums(stored, measured, passed, len(runs))


def _is_far_below(results: Sequence[SubjectResult], floor_j: float) -> bool:
    """Whether a test is short however much it follows the core's speed.

    Nearly all tests of most suites are, and their spreads and sensitivities took most of the time
    of a plan. What cost nothing in a run is for a closer look.
    """
    looks = (m for run in results for look in run.looks for m in (look.first, *look.repeats))
    return all(0 < (run.total.energy_j or 0.0) < floor_j / FAR_BELOW for run in results) and all(
        (m.energy_j or 0.0) > 0 for m in looks
    )


def _sums(
    stored: Mapping[Subject, Entry],
    measured: Mapping[Subject, Entry],
    passed: Mapping[Subject, Sequence[SubjectResult]],
    runs: int,
) -> dict[Subject, Entry]:
    """The sums of files' short tests, where all that are stored were measured in every run."""
    files: dict[str, list[Subject]] = {}
    for subject, entry in measured.items():
        if entry.is_short and subject.kind is Kind.TEST and len(passed[subject]) == runs:
            files.setdefault(file_of(subject.id), []).append(subject)
    left = {
        file_of(subject.id)
        for subject, entry in stored.items()
        if entry.is_short and subject.kind is Kind.TEST and subject not in measured
    }
    found = {}
    for file, tests in files.items():
        by_run = [[passed[test][run] for test in tests] for run in range(runs)]
        total = sum_from_runs(by_run)
        if total is not None and file not in left:
            found[Subject(Kind.FILE, file)] = total
    return found
