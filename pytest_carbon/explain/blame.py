"""The difference between two profiles, taken apart: which function is the reason for what.

A function is to blame for what a call of it costs more by itself, and for each call that it makes
more often than before, at what such a call cost before. It is not to blame where it is only called
more often: that is its callers' doing. Over all functions of both versions these parts add up to
the whole rise: with s the energy of one call without the calls that it makes, k(g) the calls of g
that it makes, n how often the function is called, and C(g) what a call of g costs, all calls from
it included, the part of a function is n' (s' - s + sum over g of (k'(g) - k(g)) C(g)), where
primes are head's figures and the others base's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.explain.graph import ROOT, Edge, ends_last, shares_of_ends
from pytest_carbon.explain.settle import settle
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.explain.graph import Graph, Place

__all__ = ["Part", "assign", "take_apart"]

# Functions that call each other in circles settle slowly: by about a part in the depth a round.
_ROUNDS = 60
_SETTLED = 1e-4

# Fewer calls a call than this are the rounding of shares.
_NO_CALLS = 1e-9


class Part(NamedTuple):
    """One part of the rise: of ``place`` itself, or of its calls of ``callee``."""

    place: Place
    callee: Place | None
    energy_j: float


class _Costs(NamedTuple):
    """How often a function is called, what one call costs by itself, and the calls it makes."""

    calls: float
    self_j: float
    makes: Mapping[Place, float]


def take_apart(base: Graph, head: Graph) -> list[Part]:
    """All parts of the rise from ``base`` to ``head``, in joules; falls are negative.

    Functions that only one side has are part of their callers.
    """
    before, after = _per_call(base), _per_call(head)
    costs_j = _with_calls({**after, **before})
    parts = []
    for place, now in after.items():
        was = before.get(place)
        if was is None:
            continue
        parts.append(Part(place, None, now.calls * (now.self_j - was.self_j)))
        for callee in {*now.makes, *was.makes}:
            more = now.makes.get(callee, 0.0) - was.makes.get(callee, 0.0)
            if abs(more) > _NO_CALLS:
                parts.append(Part(place, callee, now.calls * more * costs_j[callee]))
    return parts


def assign(
    parts: list[Part], base: Graph, head: Graph, changed: frozenset[Place]
) -> tuple[dict[Place, list[Part]], dict[Place, list[Part]]]:
    """Give each part to a function that the change touches; returns those, and what is left.

    What was not changed costs more only for what it is given: its part goes up to the changed
    functions that call it, by how much their calls of it rose. A changed function that is called
    more often by an unchanged one, as where a cache was removed, answers for that itself.
    """
    places = {place for edge in head.edges for place in edge} | set(head.self_j)
    callers: dict[Place, list[tuple[Place, float]]] = {}
    for (caller, callee), edge in head.edges.items():
        if caller != callee:
            rise_j = edge.energy_j - base.edges.get((caller, callee), Edge()).energy_j
            callers.setdefault(callee, []).append((caller, max(rise_j, 1e-6 * edge.energy_j)))
    ends = shares_of_ends(callers, lambda place: place == ROOT or place in changed)
    given: dict[Place, list[Part]] = {}
    left: dict[Place, list[Part]] = {}
    for part in parts:
        if part.place in changed:
            given.setdefault(part.place, []).append(part)
        elif part.callee in changed and part.callee in places:
            given.setdefault(part.callee, []).append(part)
        else:
            for end, share in ends.get(part.place, {ROOT: 1.0}).items():
                piece = part._replace(energy_j=part.energy_j * share)
                if end == ROOT:
                    left.setdefault(part.place, []).append(piece)
                else:
                    given.setdefault(end, []).append(piece)
    return given, left


def _per_call(graph: Graph) -> dict[Place, _Costs]:
    """What one call of each function costs and makes."""
    makes: dict[Place, dict[Place, float]] = {ROOT: {}}
    calls: dict[Place, float] = {ROOT: 1.0}
    for (caller, callee), edge in graph.edges.items():
        makes.setdefault(caller, {})[callee] = edge.times
        calls[callee] = calls.get(callee, 0.0) + edge.times
    return {
        place: _Costs(
            count,
            graph.self_j.get(place, 0.0) / count,
            {callee: n / count for callee, n in makes.get(place, {}).items()},
        )
        for place, count in calls.items()
        if count > 0
    }


def _with_calls(costs: Mapping[Place, _Costs]) -> dict[Place, float]:
    """What one call costs in all, by repeated substitution; recursion ends, so this does."""
    made = {place: list(cost.makes.items()) for place, cost in costs.items()}
    callers: dict[Place, list[Place]] = {}
    for place, callees in made.items():
        for callee, _ in callees:
            if callee != place:
                callers.setdefault(callee, []).append(place)
    total_j = {place: cost.self_j for place, cost in costs.items()}

    def update(place: Place) -> bool:
        now_j, own = costs[place].self_j, 0.0
        for callee, times in made[place]:
            if callee == place:
                own = times
            else:
                now_j += times * total_j.get(callee, 0.0)
        # A function that calls itself once a call at most makes a geometric series.
        now_j /= max(1 - own, 0.01)
        before_j, total_j[place] = total_j[place], now_j
        return abs(now_j - before_j) > _SETTLED * abs(now_j)

    settle(ends_last(made)[::-1], callers, update, _ROUNDS)
    return total_j
