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


MANY = "are large enough to gate by themselves"


@pytest.mark.parametrize(
    ("costs_j", "words"),
    [
        ({}, ""),
        ({"a": 1.0}, "1 of 1 tests is large enough to gate by itself"),
        (
            {"a": 1.0, "b": 0.001},
            (
                "1 of 2 tests is large enough to gate by itself; "
                "1 short test is gated in the sum of its file"
            ),
        ),
        (
            {"a1": 0.002, "a2": 0.001},
            f"0 of 2 tests {MANY}; 2 short tests are gated in the sum of their file",
        ),
        (
            {"a": 0.002, "b": 0.001},
            f"0 of 2 tests {MANY}; 2 short tests are gated in the sums of their 2 files",
        ),
    ],
)
def test_short_tests_are_counted_with_their_files(costs_j: dict[str, float], words: str) -> None:
    assert gated_words(some(**costs_j), floor_j=0.003) == words


def test_a_test_at_the_floor_is_large_enough_and_classes_are_of_their_file() -> None:
    tests = [
        (Subject(Kind.TASK, "test_a.py::test_a > load"), 1.0),
        *some(a=0.003, b=0.003),
        (Subject(Kind.TEST, "test_c.py::TestOne::test_it"), 0.001),
        (Subject(Kind.TEST, "test_c.py::TestTwo::test_it"), 0.001),
    ]
    assert gated_words(tests, floor_j=0.003) == (
        f"2 of 4 tests {MANY}; 2 short tests are gated in the sum of their file"
    )


def test_tasks_and_files_are_no_tests() -> None:
    others = [(Subject(Kind.TASK, "test_a.py::test_a > load"), 1.0), (Subject(Kind.FILE, "b"), 1.0)]
    assert gated_words(others, floor_j=0.003) == ""
