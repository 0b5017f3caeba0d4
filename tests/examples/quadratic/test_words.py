"""The library's own tests, the same for both commits."""

from __future__ import annotations

import pytest
from words import frequencies, longest, unique


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    """Twenty thousand words, two hundred of them distinct."""
    return [f"word-{(index * 7919) % 200}" for index in range(20_000)]


def test_unique_keeps_the_first_of_each(corpus: list[str]) -> None:
    for _ in range(3):
        assert len(unique(corpus)) == 200


def test_longest(corpus: list[str]) -> None:
    for _ in range(10):
        assert longest(corpus).startswith("word-")


def test_frequencies(corpus: list[str]) -> None:
    for _ in range(5):
        assert frequencies(corpus)["word-0"] == 100
