"""Tests too short for the meter, gated together: a file as if it were one test."""

from __future__ import annotations

from math import ceil, hypot, sqrt
from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.spread import SHARED, TYPICAL_SD, first_sd, sample_sd
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.gate.policy import Policy

__all__ = ["PYTEST_S", "Part", "as_one_entry", "as_suspect", "movers", "policy_for_sums", "subset"]

T = TypeVar("T")

# A sum has a smaller spread than its parts, so that it can be held to half the tolerance: then
# tests that all grew by just the tolerance are found, and not by chance.
SHARE_OF_TOLERANCE = 0.5

# Less of a sum is not taken to scatter ten times as much as the whole.
LEAST_SHARE = 0.01

# A pass over more tests than take this long would not make the sum scatter less: what they share
# stays, and of what they do not share a hundred tests leave a tenth.
SUBSET_S = 0.15

# Of tests that mostly wait so few would be left that a sum of them says nothing: of as many as
# these, a third of what one scatters by itself is left. They may take longer (both chosen).
LEAST_TESTS = 10
LEAST_TESTS_S = 0.5

# What pytest itself takes for a test, on a core of 2023.
PYTEST_S = 0.001


class Part(NamedTuple):
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
    """The policy that a sum of short tests is held to."""
    return policy._replace(tolerance=policy.tolerance * SHARE_OF_TOLERANCE)


def as_one_entry(
    parts: Sequence[Part], stored: Entry | None = None, suite_sd: float = TYPICAL_SD
) -> Entry:
    """The parts' baselines as one: sums of centres, with the spread of a sum.

    ``stored`` is the entry of the whole file, whose spread is used; of a part of it more is left
    to chance. Without it, the spread is that of parts which share the moment and the process, so
    that only the rest of their variance averages out. ``parts`` must not be empty.
    """
    firsts = [(part.entry.first, first_sd(part.entry, suite_sd)) for part in parts]
    looks = [(look, sample_sd(look, suite_sd)) for part in parts if (look := part.entry.look)]
    first = _sum_of_spreads(firsts)
    look = _sum_of_spreads(looks) if len(looks) == len(parts) else None
    if stored is not None:
        first = _part_of(stored.first, first)
        look = _part_of(stored.look, look) if stored.look and look else look
    raws = [part.entry.raw for part in parts if part.entry.raw is not None]
    raw_j = sum(raw.centre_j for raw in raws) if len(raws) == len(parts) else None
    if stored is not None and stored.raw is not None and stored.first.centre_j > 0:
        raw_j = first.centre_j * stored.raw.centre_j / stored.first.centre_j
    return Entry(
        first=first,
        look=look,
        raw=None if raw_j is None else first._replace(centre_j=raw_j),
        anchor_j=None if stored is None else stored.anchor_j,
    )


def _part_of(whole: Spread, part: Spread) -> Spread:
    """The spread of a part of a sum, from that of the whole: as if nothing in it were shared."""
    share = min(1.0, part.centre_j / whole.centre_j) if whole.centre_j > 0 else 1.0
    sd = None if whole.sd_log is None else whole.sd_log / sqrt(max(share, LEAST_SHARE))
    return whole._replace(centre_j=part.centre_j, sd_log=sd)


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
    parts: Sequence[Part],
    policy: Policy,
    stored: Entry | None = None,
    *,
    of_j: float | None = None,
    suite_sd: float = TYPICAL_SD,
    suite_size: int = 1,
) -> Suspect:
    """The sum as a suspect for ``verdict_by_looks``.

    ``policy`` is the run's. Each of a look's figures is the sum of one pass over the parts.
    Where they stand for more of their file, ``of_j`` is what all of that cost: the rise that is
    always allowed is one of it, and they have their share of it.
    """
    entry = as_one_entry(parts, stored, suite_sd)
    policy = policy_for_sums(policy)
    if of_j:
        policy = policy.for_part(min(entry.first.centre_j / of_j, 1.0))
    return Suspect(
        bounds=Bounds.of(entry, policy, entry.first.sd_log or suite_sd),
        first_j=sum(part.now_j for part in parts),
        suite_size=suite_size,
    )


def subset(
    tests: Sequence[T], wall_s: Callable[[T], float], most_s: float = SUBSET_S
) -> Sequence[T]:
    """Tests for one pass, picked at even distances, that take about ``most_s`` together.

    ``LEAST_TESTS`` of them or more, unless those take longer than ``LEAST_TESTS_S``. Where they
    were picked by what they cost now, chance would be among the reasons.
    """
    if not tests:
        return tests
    takes_s = sum(map(wall_s, tests)) + len(tests) * PYTEST_S
    least = max(1, min(LEAST_TESTS, int(len(tests) * LEAST_TESTS_S / takes_s)))
    step = max(1, min(ceil(takes_s / most_s), len(tests) // least))
    return tests[::step]


def movers(parts: Sequence[Part], count: int = 5) -> list[Part]:
    """The parts that rose most, in joules, the greatest first."""
    risen = [part for part in parts if part.rise_j > 0]
    return sorted(risen, key=lambda part: -part.rise_j)[:count]
