"""A profile reduced to the functions of the project, with the test's energy spread over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.explain.profile import OUTSIDE
from pytest_carbon.explain.settle import settle
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import TypeVar

    from pytest_carbon.explain.profile import Profile

    Node = TypeVar("Node", bound=Hashable)

__all__ = ["ROOT", "Edge", "Graph", "Place", "ends_last", "energy_graph", "shares_of_ends"]

_ROUNDS = 50
_SETTLED = 1e-4


class Place(NamedTuple):
    """A function of the project: its file there, and its qualified name."""

    file: str
    name: str


ROOT = Place("", "")
"""Stands for all that no function of the project has called."""


class Edge(NamedTuple):
    """The calls from one function to another: how many, and the energy that went into them.

    ``energy_j`` includes what the callee called in turn.
    """

    times: float = 0.0
    energy_j: float = 0.0

    def plus(self, times: float, energy_j: float) -> Edge:
        """With so many calls and joules more."""
        return Edge(self.times + times, self.energy_j + energy_j)


class Graph(NamedTuple):
    """Energy by function, and calls between functions.

    ``self_j`` holds the energy spent in a function itself and in the library code that it called.
    ``library`` are the calls of library code that a function made directly, by its name.
    """

    self_j: Mapping[Place, float]
    edges: Mapping[tuple[Place, Place], Edge]
    library: Mapping[tuple[Place, str], Edge]

    def calls(self, place: Place) -> float:
        """How often a function was called."""
        if place == ROOT:
            return 1.0
        return sum(edge.times for (_, callee), edge in self.edges.items() if callee == place)


def energy_graph(
    profile: Profile, places: Sequence[Place | None], parts: AbstractSet[int], energy_j: float
) -> Graph:
    """Spread ``energy_j``, what the test took, over the functions of its profile.

    ``places`` has one for each function of the profile, ``None`` for library code, whose energy is
    charged to the functions of the project that called it: exactly where they called it
    themselves, else in proportion to the time of the calls in between. ``parts`` are those that
    are only a part of their function, like a comprehension: running it is no call. What runs
    outside of the project's functions, like pytest itself, gets nothing.
    """
    owners = _owners(profile, places)
    self_s: dict[Place, float] = {}
    edges: dict[tuple[Place, Place], Edge] = {}
    library: dict[tuple[Place, str], Edge] = {}
    for call in profile.calls:
        place = places[call.callee]
        if place is not None:
            self_s[place] = self_s.get(place, 0.0) + call.self_s
        for owner, share in owners[call.caller].items():
            if place is None:
                self_s[owner] = self_s.get(owner, 0.0) + call.self_s * share
            elif call.callee not in parts:
                edge = edges.get((owner, place), Edge())
                edges[owner, place] = edge.plus(call.times * share, call.total_s * share)
        direct = None if call.caller == OUTSIDE else places[call.caller]
        if place is None and direct is not None:
            key = (direct, profile.functions[call.callee].name)
            library[key] = library.get(key, Edge()).plus(call.times, call.total_s)
    self_s.pop(ROOT, None)
    all_s = sum(self_s.values())
    factor = energy_j / all_s if all_s > 0 else 0.0
    return Graph(
        {place: seconds * factor for place, seconds in self_s.items()},
        {key: Edge(edge.times, edge.energy_j * factor) for key, edge in edges.items()},
        {key: Edge(edge.times, edge.energy_j * factor) for key, edge in library.items()},
    )


def _owners(profile: Profile, places: Sequence[Place | None]) -> dict[int, dict[Place, float]]:
    """Whose each function's time is, by its place in the profile: shares that add up to one."""
    callers: dict[int, list[tuple[int, float]]] = {}
    for call in profile.calls:
        if places[call.callee] is None and call.caller != call.callee:
            weight = call.total_s or call.times * 1e-9
            callers.setdefault(call.callee, []).append((call.caller, weight))
    shares = shares_of_ends(callers, lambda at: at == OUTSIDE or places[at] is not None)
    owners: dict[int, dict[Place, float]] = {OUTSIDE: {ROOT: 1.0}}
    for at, place in enumerate(places):
        if place is not None:
            owners[at] = {place: 1.0}
            continue
        owners[at] = {}
        for end, share in shares.get(at, {OUTSIDE: 1.0}).items():
            owner = ROOT if end == OUTSIDE else places[end] or ROOT
            owners[at][owner] = owners[at].get(owner, 0.0) + share
    return owners


def shares_of_ends(
    callers: Mapping[Node, Sequence[tuple[Node, float]]], is_end: Callable[[Node], bool]
) -> dict[Node, dict[Node, float]]:
    """For each node, by which ends it is reached: shares that add up to one.

    ``callers`` has each node's callers with their weights. Going up from a node, every caller gets
    its part by weight, until an end is reached; circles are left in the same proportions.
    """
    shares: dict[Node, dict[Node, float]] = {node: {} for node in callers}
    totals = {node: sum(weight for _, weight in above) for node, above in callers.items()}
    order = [node for node in ends_last(callers)[::-1] if totals[node] > 0]
    below: dict[Node, list[Node]] = {}
    for node in order:
        for caller, _ in callers[node]:
            if not is_end(caller):
                below.setdefault(caller, []).append(node)

    def update(node: Node) -> bool:
        found = _by_callers(callers[node], totals[node], shares, is_end)
        before, shares[node] = shares[node], found
        return any(abs(found[end] - before.get(end, 0.0)) >= _SETTLED for end in found)

    settle(order, below, update, _ROUNDS)
    return {
        node: {end: share / sum(ends.values()) for end, share in ends.items()}
        for node, ends in shares.items()
        if sum(ends.values()) > 0
    }


def _by_callers(
    callers: Sequence[tuple[Node, float]],
    total: float,
    shares: Mapping[Node, Mapping[Node, float]],
    is_end: Callable[[Node], bool],
) -> dict[Node, float]:
    """By which ends one node is reached, as far as its callers' shares are known."""
    found: dict[Node, float] = {}
    for caller, weight in callers:
        part = weight / total
        ends = {caller: 1.0} if is_end(caller) else shares.get(caller, {})
        for end, share in ends.items():
            found[end] = found.get(end, 0.0) + part * share
    return found


def ends_last(links: Mapping[Node, Sequence[tuple[Node, float]]]) -> list[Node]:
    """The nodes so that each comes before those that it links to, but for circles."""
    order: list[Node] = []
    seen: set[Node] = set()
    for start in links:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(links[start]))]
        while path:
            node, further = path[-1]
            step = next((n for n, _ in further if n in links and n not in seen), None)
            if step is None:
                order.append(node)
                path.pop()
            else:
                seen.add(step)
                path.append((step, iter(links[step])))
    return order[::-1]
