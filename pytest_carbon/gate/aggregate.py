"""Tests too short for the meter, gated together: a file as if it were one test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.spread import SHARED, TYPICAL_SD, first_sd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.gate.policy import Policy

__all__ = ["Part", "as_one_entry", "as_suspect", "movers", "policy_for_sums", "sum_of_parts"]

# A sum has a smaller spread than its parts, so that it can be held to half the tolerance: then
# tests that all grew by just the tolerance are found, and not by chance.
SHARE_OF_TOLERANCE = 0.5


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
    common = own = 0.0
    for part in parts:
        share = part.entry.first.centre_j / centre_j if centre_j > 0 else 0.0
        sd = share * first_sd(part.entry, suite_sd)
        common += sd
        own = hypot(own, sd)
    processes = min(part.entry.first.processes for part in parts)
    spread = Spread(
        centre_j=centre_j,
        sd_log=sqrt(SHARED * common * common + (1 - SHARED) * own * own),
        samples=processes,
        processes=processes,
    )
    raws = [part.entry.raw for part in parts if part.entry.raw is not None]
    known_j = sum(part.entry.first.centre_j for part in parts if part.entry.sensitivity is not None)
    return Entry(
        first=spread,
        cpu_s=sum(part.entry.cpu_s for part in parts),
        wall_s=sum(part.entry.wall_s for part in parts),
        raw=replace(spread, centre_j=sum(raw.centre_j for raw in raws))
        if len(raws) == len(parts)
        else None,
        # Each part was corrected with its own; here it only matters whether that can be trusted.
        sensitivity=1.0 if 2 * known_j >= centre_j else None,
    )


def as_suspect(
    parts: Sequence[Part], policy: Policy, *, suite_sd: float = TYPICAL_SD, suite_size: int = 1
) -> Suspect:
    """The sum as a suspect for ``next_step``, which will ask for fresh processes only.

    ``policy`` is the run's. A look in a fresh process is the ``sum_of_parts`` of that process.
    """
    entry = as_one_entry(parts, suite_sd)
    return Suspect(
        entry=entry,
        first_j=sum(part.now_j for part in parts),
        policy=policy_for_sums(policy),
        suite_sd=entry.first.sd_log or suite_sd,
        suite_size=suite_size,
    )


def sum_of_parts(parts: Sequence[Part], figures_j: Mapping[str, float]) -> float | None:
    """What the same parts cost in another process, by name; ``None`` where one is missing."""
    if any(part.name not in figures_j for part in parts):
        return None
    return sum(figures_j[part.name] for part in parts)


def movers(parts: Sequence[Part], count: int = 5) -> list[Part]:
    """The parts that rose most, in joules, the greatest first."""
    risen = [part for part in parts if part.rise_j > 0]
    return sorted(risen, key=lambda part: -part.rise_j)[:count]
