"""Word lists."""

from __future__ import annotations


def unique(words: list[str]) -> list[str]:
    """The distinct words, in the order of their first appearance."""
    return list(dict.fromkeys(words))


def longest(words: list[str]) -> str:
    """The longest word; the first of several."""
    return max(words, key=len)


def frequencies(words: list[str]) -> dict[str, int]:
    """How often each word appears."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
