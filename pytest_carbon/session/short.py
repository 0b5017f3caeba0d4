"""Tests too short for the meter: judged together, file by file, once all tests have run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.gate.aggregate import Part, as_suspect, movers, subset
from pytest_carbon.gate.decide import verdict_without_confirmation
from pytest_carbon.gate.screen import is_suspect
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result import SubjectResult, sum_of
from pytest_carbon.units import format_change, format_energy

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.session.again import Confirmations
    from pytest_carbon.session.judge import Judge

__all__ = ["ShortTests"]

_NAMED = 5


class ShortTests:
    """Collects the tests that are too short to be gated alone, and judges each file's sum.

    Under pytest-xdist each worker judges the tests of a file that it ran itself.
    """

    def __init__(self, judge: Judge, confirmations: Confirmations) -> None:
        self._judge = judge
        self._confirmations = confirmations
        self._files: dict[str, list[tuple[pytest.Item, Part, Measurement]]] = {}
        self._rows: list[SubjectResult] = []

    def note(self, item: pytest.Item, subject: Subject, total: Measurement) -> None:
        """Take a passed test that is too small to gate."""
        entry = self._judge.entry(subject)
        assert entry is not None, "only a test with a baseline is known to be too small"
        part = Part(
            name=subject.id, entry=entry, now_j=total.energy_j or 0.0, raw_now_j=total.raw_j
        )
        file = item.location[0]
        self._files.setdefault(file, []).append((item, part, total))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """Judge the files' sums after the last test."""
        answer = yield
        for file, tests in self._files.items():
            verdict = self._verdict([(item, part) for item, part, _ in tests])
            parts = [part for _, part, _ in tests]
            named = movers(parts, _NAMED) if verdict.outcome.fails else []
            total = sum_of(measurement for _, _, measurement in tests)
            assert total is not None, "a file is here because of its tests"
            self._rows.append(
                SubjectResult(
                    subject=Subject(Kind.FILE, file),
                    phases={},
                    total=total,
                    times=len(tests),
                    verdict=verdict,
                    notes=tuple(map(_moved, named)),
                    path=file,
                )
            )
        return answer

    def _verdict(self, tests: Sequence[tuple[pytest.Item, Part]]) -> Verdict:
        judge = self._judge
        everything = as_suspect(
            [part for _, part in tests],
            judge.policy,
            suite_sd=judge.suite_sd,
            suite_size=judge.suite_size,
        )
        raw_j = sum(part.raw_now_j or 0.0 for _, part in tests)
        is_open = is_suspect(
            everything.first_j, everything.entry, everything.policy, everything.suite_sd, raw_j
        )
        if not is_open or self._confirmations.is_out_of_time:
            return verdict_without_confirmation(
                everything.first_j,
                everything.entry,
                everything.policy,
                suite_sd=everything.suite_sd,
                raw_now_j=raw_j,
                reason="out of confirm time for this run",
            )
        # Thousands of tests tell no more than some hundreds of them do, picked all over the file.
        chosen = subset(tests, lambda test: test[1].entry.wall_s)
        suspect = as_suspect(
            [part for _, part in chosen],
            judge.policy,
            suite_sd=judge.suite_sd,
            suite_size=judge.suite_size,
        )
        with self._confirmations.confirmer([item for item, _ in chosen]) as confirmer:
            return confirmer.verdict(suspect)

    def rows(self) -> list[SubjectResult]:
        """One row a file that has tests too short for the meter."""
        return self._rows


def _moved(part: Part) -> str:
    before_j = part.entry.first.centre_j
    return (
        f"{part.name}: {format_energy(before_j)} → {format_energy(part.now_j)} "
        f"({format_change(part.now_j / before_j)})"
    )
