"""Tests too short for the meter, gated together: a file as if it were one test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.spread import SHARED, TYPICAL_SD, first_sd, repeats_sd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.gate.policy import Policy

__all__ = ["Part", "as_one_entry", "as_suspect", "movers", "policy_for_sums", "subset"]

T = TypeVar("T")

# A sum has a smaller spread than its parts, so that it can be held to half the tolerance: then
# tests that all grew by just the tolerance are found, and not by chance.
SHARE_OF_TOLERANCE = 0.5

# A pass over more tests than take this long would not make the sum scatter less: what they share
# stays. pytest itself takes as long again for tests of a millisecond.
SUBSET_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One short test: its name, its baseline, and what it cost in this run."""

    name: str
    entry: Entry
    now_j: float
    raw_now_j: float | None = None

    @property
    def rise_j(self) -> float:
        """How much more it cost than its baseline, in joules."""
        return self.now_j - self.entry.first.centre_j


def policy_for_sums(policy: Policy) -> Policy:
    """The policy that a sum of short tests is held to; its looks are cheap, so more are taken."""
    return replace(policy, tolerance=policy.tolerance * SHARE_OF_TOLERANCE, thorough=True)


def as_one_entry(parts: Sequence[Part], suite_sd: float = TYPICAL_SD) -> Entry:
    """The parts' baselines as one: sums of centres, with the spread of a sum.

    Parts that run after each other share the moment and the process; only the rest of their
    variance averages out. ``parts`` must not be empty.
    """
    centre_j = sum(part.entry.first.centre_j for part in parts)
    spread = _sum_of_spreads([(p.entry.first, first_sd(p.entry, suite_sd)) for p in parts])
    repeats = [
        (part.entry.repeats, repeats_sd(part.entry.repeats, suite_sd))
        for part in parts
        if part.entry.repeats is not None
    ]
    raws = [part.entry.raw for part in parts if part.entry.raw is not None]
    known_j = sum(part.entry.first.centre_j for part in parts if part.entry.sensitivity is not None)
    return Entry(
        first=spread,
        repeats=_sum_of_spreads(repeats) if len(repeats) == len(parts) else None,
        cpu_s=sum(part.entry.cpu_s for part in parts),
        wall_s=sum(part.entry.wall_s for part in parts),
        raw=replace(spread, centre_j=sum(raw.centre_j for raw in raws))
        if len(raws) == len(parts)
        else None,
        # Each part was corrected with its own; here it only matters whether that can be trusted.
        sensitivity=1.0 if 2 * known_j >= centre_j else None,
    )


def _sum_of_spreads(spreads: Sequence[tuple[Spread, float]]) -> Spread:
    """The sum of figures that run after each other, from their spreads and shrunk deviations."""
    centre_j = sum(spread.centre_j for spread, _ in spreads)
    common = own = 0.0
    for spread, shrunk_sd in spreads:
        sd = shrunk_sd * (spread.centre_j / centre_j if centre_j > 0 else 0.0)
        common += sd
        own = hypot(own, sd)
    processes = min(spread.processes for spread, _ in spreads)
    return Spread(
        centre_j=centre_j,
        sd_log=sqrt(SHARED * common * common + (1 - SHARED) * own * own),
        samples=processes,
        processes=processes,
    )


def as_suspect(
    parts: Sequence[Part], policy: Policy, *, suite_sd: float = TYPICAL_SD, suite_size: int = 1
) -> Suspect:
    """The sum as a suspect for ``next_step``.

    ``policy`` is the run's. Each of a look's figures is the sum of one pass over the parts.
    """
    entry = as_one_entry(parts, suite_sd)
    return Suspect(
        entry=entry,
        first_j=sum(part.now_j for part in parts),
        policy=policy_for_sums(policy),
        suite_sd=entry.first.sd_log or suite_sd,
        suite_size=suite_size,
    )


def subset(
    tests: Sequence[T], wall_s: Callable[[T], float], most_s: float = SUBSET_S
) -> Sequence[T]:
    """Tests for one pass, picked at even distances, that take about ``most_s`` together.

    Where they were picked by what they cost now, chance would be among the reasons.
    """
    step = max(1, round(sum(map(wall_s, tests)) / most_s))
    return tests[::step]


def movers(parts: Sequence[Part], count: int = 5) -> list[Part]:
    """The parts that rose most, in joules, the greatest first."""
    risen = [part for part in parts if part.rise_j > 0]
    return sorted(risen, key=lambda part: -part.rise_j)[:count]
