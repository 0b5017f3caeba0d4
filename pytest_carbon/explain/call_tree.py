"""Both versions' calls as one tree, for drawing where the energy went and where it rose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.explain.graph import ROOT, Place, ends_last
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.explain.graph import Graph

__all__ = ["Branch", "call_tree"]

# Smaller parts of the whole cannot be seen, and deeper ones not be told apart.
LEAST_SHARE = 0.01
DEEPEST = 40


class Branch(NamedTuple):
    """A function as it is called on one path, with its energy in base and head in joules.

    The energies include what it calls; ``children`` are those of its calls that are worth showing,
    the greatest first. ``circle`` counts further functions that call each other in a circle with
    this one, and are shown as one.
    """

    place: Place
    base_j: float
    head_j: float
    children: tuple[Branch, ...] = ()
    circle: int = 0


class _Side(NamedTuple):
    """One version with its circles taken for single functions.

    ``whole_j`` is what each takes with all that it calls, ``parts`` which part of a callee's calls
    comes from a caller.
    """

    whole_j: Mapping[Place, float]
    parts: Mapping[Place, Mapping[Place, float]]


def call_tree(base: Graph, head: Graph) -> Branch:
    """The calls of both versions from the test on.

    A profile knows who called whom, not on which path: where a function has several callers, each
    gets its part by the number of its calls.
    """
    links: dict[Place, list[tuple[Place, float]]] = {ROOT: []}
    for graph in (base, head):
        for (caller, callee), edge in graph.edges.items():
            links.setdefault(caller, []).append((callee, edge.times))
            links.setdefault(callee, [])
    first = _circles(links)
    order = ends_last({place: links[place] for place in links})
    sides = (_side(base, first, order), _side(head, first, order))
    sizes: dict[Place, int] = {}
    for place in first.values():
        sizes[place] = sizes.get(place, -1) + 1
    least_j = LEAST_SHARE * max(side.whole_j.get(ROOT, 0.0) for side in sides)
    return _grow(ROOT, (1.0, 1.0), sides, least_j, 0, sizes)


def _circles(links: Mapping[Place, Sequence[tuple[Place, float]]]) -> dict[Place, Place]:
    """For each function the one that stands for its circle: itself, where it is in none."""
    order = ends_last(links)
    back: dict[Place, list[Place]] = {place: [] for place in links}
    for caller, callees in links.items():
        for callee, _ in callees:
            back[callee].append(caller)
    first: dict[Place, Place] = {}
    for start in order:
        left = [start] if start not in first else []
        while left:
            place = left.pop()
            if place not in first:
                first[place] = start
                left += back[place]
    return first


def _side(graph: Graph, first: Mapping[Place, Place], order: Sequence[Place]) -> _Side:
    own_j: dict[Place, float] = {}
    for place, energy_j in graph.self_j.items():
        known = first.get(place, place)
        own_j[known] = own_j.get(known, 0.0) + energy_j
    calls: dict[Place, dict[Place, float]] = {}
    entered: dict[Place, float] = {}
    for (caller, callee), edge in graph.edges.items():
        one, other = first[caller], first[callee]
        if one != other:
            calls.setdefault(one, {})[other] = calls.get(one, {}).get(other, 0.0) + edge.times
            entered[other] = entered.get(other, 0.0) + edge.times
    parts = {
        caller: {callee: n / entered[callee] for callee, n in made.items() if entered[callee] > 0}
        for caller, made in calls.items()
    }
    whole_j: dict[Place, float] = {}
    # Functions of a circle stand together in no order; their first one comes before the others.
    for place in reversed([place for place in order if first.get(place) == place]):
        below = parts.get(place, {}).items()
        whole_j[place] = own_j.get(place, 0.0) + sum(p * whole_j.get(g, 0.0) for g, p in below)
    return _Side(whole_j, parts)


def _grow(  # noqa: PLR0917 - it calls itself with most of them
    place: Place,
    shares: tuple[float, float],
    sides: tuple[_Side, _Side],
    least_j: float,
    depth: int,
    sizes: Mapping[Place, int],
) -> Branch:
    """A branch that has these shares of all that its function takes in base and head."""
    energies_j = [
        share * side.whole_j.get(place, 0.0) for share, side in zip(shares, sides, strict=True)
    ]
    children: list[Branch] = []
    callees = {callee for side in sides for callee in side.parts.get(place, {})}
    for callee in sorted(callees) if depth < DEEPEST else ():
        parts = [
            share * side.parts.get(place, {}).get(callee, 0.0)
            for share, side in zip(shares, sides, strict=True)
        ]
        most_j = max(
            p * side.whole_j.get(callee, 0.0) for p, side in zip(parts, sides, strict=True)
        )
        if most_j >= least_j > 0:
            below = (parts[0], parts[1])
            children.append(_grow(callee, below, sides, least_j, depth + 1, sizes))
    children.sort(key=lambda branch: -max(branch.base_j, branch.head_j))
    return Branch(place, energies_j[0], energies_j[1], tuple(children), sizes.get(place, 0))
