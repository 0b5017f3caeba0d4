"""What can be gated: tests by themselves, and short ones as sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_carbon.measurement import Subject

__all__ = ["gated_words"]


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
            files.add(subject.id.partition("::")[0])
    if not alone and not short:
        return ""
    words = f"{alone} of {alone + short} tests are large enough to gate by themselves"
    if short:
        sums = "1 sum, of one file" if len(files) == 1 else f"sums of {len(files)} files"
        words += f"; {short} short ones are gated in {sums}"
    return words
