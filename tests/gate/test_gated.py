"""What can be gated, in words."""

from __future__ import annotations

import pytest

from pytest_carbon.gate.gated import gated_words
from pytest_carbon.measurement import Kind, Subject


def some(**costs_j: float) -> list[tuple[Subject, float]]:
    """Tests of files that are called after the first letter of the tests' names."""
    return [
        (Subject(Kind.TEST, f"test_{name[0]}.py::test_{name}"), cost_j)
        for name, cost_j in costs_j.items()
    ]


@pytest.mark.parametrize(
    ("costs_j", "alone", "rest"),
    [
        ({}, "", ""),
        ({"a": 1.0}, "1 of 1 tests are", ""),
        ({"a": 1.0, "b": 0.001}, "1 of 2 tests are", "; 1 short ones are gated in 1 sum"),
        ({"a1": 0.002, "a2": 0.001}, "0 of 2 tests are", "; 2 short ones are gated in 1 sum"),
        ({"a": 0.002, "b": 0.001}, "0 of 2 tests are", "; 2 short ones are gated in sums of 2"),
    ],
)
def test_short_tests_are_counted_with_their_files(
    costs_j: dict[str, float], alone: str, rest: str
) -> None:
    words = gated_words(some(**costs_j), floor_j=0.003)
    said, _, more = words.partition(" large enough to gate by themselves")
    assert said == alone
    assert more.startswith(rest)
    assert bool(more) == bool(rest)


def test_tasks_and_files_are_no_tests() -> None:
    others = [(Subject(Kind.TASK, "test_a.py::test_a > load"), 1.0), (Subject(Kind.FILE, "b"), 1.0)]
    assert gated_words(others, floor_j=0.003) == ""
