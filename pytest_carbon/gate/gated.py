"""What can be gated: tests by themselves, and short ones as sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind, file_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_carbon.measurement import Subject

__all__ = ["gated_words"]

_MANY = "are large enough to gate by themselves"


def gated_words(costs_j: Iterable[tuple[Subject, float]], floor_j: float) -> str:
    """How many tests are large enough to gate by themselves, and how many are gated as sums.

    Empty for no test at all. ``costs_j`` are joules of one run of each.
    """
    alone = short = 0
    files = set()
    for subject, cost_j in costs_j:
        if subject.kind is not Kind.TEST:
            continue
        if cost_j >= floor_j:
            alone += 1
        else:
            short += 1
            files.add(file_of(subject.id))
    if not alone and not short:
        return ""
    they = "is large enough to gate by itself" if alone == 1 else _MANY
    words = f"{alone} of {alone + short} tests {they}"
    if short == 1:
        return f"{words}; 1 short test is gated in the sum of its file"
    if short:
        sums = (
            "the sum of their file" if len(files) == 1 else f"the sums of their {len(files)} files"
        )
        return f"{words}; {short} short tests are gated in {sums}"
    return words
