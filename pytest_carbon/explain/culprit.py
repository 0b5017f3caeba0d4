"""Naming the functions that a test's rise comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.explain.blame import assign, take_apart
from pytest_carbon.explain.call_tree import call_tree
from pytest_carbon.explain.graph import ROOT, Edge, Place, energy_graph
from pytest_carbon.record import NamedTuple
from pytest_carbon.units import format_energy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_carbon.explain.blame import Part
    from pytest_carbon.explain.call_tree import Branch
    from pytest_carbon.explain.graph import Graph
    from pytest_carbon.explain.profile import Profile
    from pytest_carbon.explain.versions import Versions

__all__ = ["Culprit", "Explanation", "explain"]

# At most so many functions are named, each with at least so much of the rise.
MOST_NAMED = 3
LEAST_SHARE = 0.15

# A changed function with less of the rise than this leaves room for another explanation.
CHANGED_SHARE = 0.25

# Where the first function of several has less than this, no single one is the reason.
SINGLE_SHARE = 0.3

# A function that was not changed is named beside changed ones with this much at least: timing
# single functions is less certain than counting their calls.
UNCHANGED_SHARE = 0.3

# Together these explain enough: nobody else is named.
ENOUGH_SHARE = 0.85


class Culprit(NamedTuple):
    """A function of the project whose energy rose.

    ``energy_j`` is its part of the test's rise. ``is_changed`` tells that the change touches it;
    ``detail`` says what it does more of, empty where only its own code costs more.
    """

    file: str
    line: int
    name: str
    energy_j: float
    is_changed: bool
    detail: str = ""

    @property
    def place(self) -> str:
        """The function as an editor finds it: ``shop/pricing.py:41 price``."""
        return f"{self.file}:{self.line} {self.name}"

    def sentence(self, rise_j: float, tests: int = 1) -> str:
        """The culprit in a line, with its part of a rise of ``rise_j`` in so many tests."""
        part = f"+{format_energy(self.energy_j)} of +{format_energy(rise_j)}"
        more = [*(["changed"] if self.is_changed else []), *filter(None, [self.detail])]
        return (
            f"culprit  {self.place}  {part}"
            + (f" in {tests} tests" if tests > 1 else "")
            + (f" ({'; '.join(more)})" if more else "")
        )


class Explanation(NamedTuple):
    """Why a test burns more.

    ``culprits`` are the functions to look at, the greatest part first; empty where there are none
    to name, and ``trouble`` says why. ``is_spread`` tells that none of them is the reason alone,
    ``tree`` shows where the energy went in both versions.
    """

    rise_j: float
    culprits: tuple[Culprit, ...] = ()
    is_spread: bool = False
    trouble: str = ""
    tree: Branch | None = None

    @property
    def main(self) -> Culprit | None:
        """The one function to name first, ``None`` where the rise is spread or unexplained."""
        return self.culprits[0] if self.culprits and not self.is_spread else None

    def lines(self) -> list[str]:
        """The explanation for a reader, a line for each function."""
        if not self.culprits:
            return [f"culprit  unknown: {self.trouble}"]
        if self.is_spread:
            rise = format_energy(self.rise_j)
            names = ", ".join(
                f"{culprit.place} +{format_energy(culprit.energy_j)}" for culprit in self.culprits
            )
            return [f"no single function: the rise of {rise} is spread over {names}"]
        return [culprit.sentence(self.rise_j) for culprit in self.culprits]


def explain(
    profiles: tuple[Profile, Profile],
    energies_j: tuple[float, float],
    versions: Versions,
    *,
    only_changed: bool = False,
) -> Explanation:
    """Name the functions that a rise comes from.

    ``profiles`` and ``energies_j`` are base's and head's: what was called, and what the test took.
    ``only_changed`` names only functions that the change touches, for rises that are smaller than
    what the times of single functions scatter by.
    """
    rise_j = energies_j[1] - energies_j[0]
    for profile in profiles:
        if profile.trouble:
            return Explanation(rise_j, trouble=profile.trouble)
    base, head = _graphs(profiles, energies_j, versions)
    changed = versions.changed({*base.self_j, *head.self_j} - {ROOT})
    given, left = assign(take_apart(base, head), base, head, changed)
    ranked, parts = _blamed(given, {} if only_changed else left, rise_j, changed & set(head.self_j))
    named: list[Culprit] = []
    for place in ranked[:MOST_NAMED]:
        energy_j = min(_sum(parts[place]), rise_j)
        detail = _detail(place, parts[place], base, head)
        named.append(
            Culprit(
                place.file, versions.line(place), place.name, energy_j, place in changed, detail
            )
        )
        if sum(culprit.energy_j for culprit in named) >= ENOUGH_SHARE * rise_j:
            break
    if not named:
        return Explanation(rise_j, trouble="no function of the project costs more by itself")
    is_spread = _is_spread(named, rise_j)
    return Explanation(rise_j, tuple(named), is_spread, tree=call_tree(base, head))


def _blamed(
    given: Mapping[Place, list[Part]],
    left: Mapping[Place, list[Part]],
    rise_j: float,
    ran: frozenset[Place],
) -> tuple[list[Place], dict[Place, list[Part]]]:
    """The functions to name, the greatest part first, and the parts of each.

    ``given`` are those of changed functions, of which ``ran`` ran in head, ``left`` what others
    are left with.
    """
    parts = {**left, **given}
    ranked = _ranked(given, rise_j, CHANGED_SHARE)
    if sum(_sum(given[place]) for place in ranked) < 0.5 * rise_j:
        others = _ranked(left, rise_j, UNCHANGED_SHARE if ranked else LEAST_SHARE)
        if not ranked and len(ran) == 1 and others:
            # The only function that was changed: others spend more on what it gives them.
            (only,) = ran
            parts[only] = [*parts.get(only, ()), *left[others[0]]]
            return [only], parts
        ranked += others
    return ranked or _ranked(parts, rise_j, 0.02), parts


def _is_spread(named: Sequence[Culprit], rise_j: float) -> bool:
    """Whether no function stands out: by its part of the rise, or as the only one changed."""
    first, *others = named
    if first.energy_j >= SINGLE_SHARE * rise_j or not others:
        return False
    return not first.is_changed or any(other.is_changed for other in others)


def _graphs(
    profiles: tuple[Profile, Profile], energies_j: tuple[float, float], versions: Versions
) -> tuple[Graph, Graph]:
    """Both sides, with base's functions under the names that they have in head."""
    found = [
        [versions.place(side, function) for function in profile.functions]
        for side, profile in zip(("base", "head"), profiles, strict=True)
    ]
    known = [{place for place, _ in places if place is not None} for places in found]
    names = {was: now for now, was in versions.renamed(*known).items()}
    base, head = (
        energy_graph(
            profile,
            [place if place is None else names.get(place, place) for place, _ in places]
            if side == 0
            else [place for place, _ in places],
            {at for at, (_, is_part) in enumerate(places) if is_part},
            energy_j,
        )
        for side, (profile, places, energy_j) in enumerate(
            zip(profiles, found, energies_j, strict=True)
        )
    )
    return base, head


def _sum(parts: Sequence[Part]) -> float:
    return sum(part.energy_j for part in parts)


def _ranked(parts: Mapping[Place, Sequence[Part]], rise_j: float, least: float) -> list[Place]:
    """The functions with at least that share of the rise, the greatest first."""
    sums = {place: _sum(of) for place, of in parts.items() if place != ROOT}
    return sorted(
        (place for place, energy_j in sums.items() if energy_j >= least * rise_j > 0),
        key=lambda place: (-sums[place], place),
    )


def _detail(place: Place, parts: Sequence[Part], base: Graph, head: Graph) -> str:
    """What a function does more of."""
    was, now = base.calls(place), head.calls(place)
    if _is_more(was, now):
        return f"called {_count(was)} → {_count(now)} times"
    own = [part for part in parts if part.place == place]
    if _sum(own) < 0.5 * _sum(parts):
        own = list(parts)
    most = max(own, key=lambda part: part.energy_j)
    if most.callee is not None and most.callee != place:
        key = (most.place, most.callee)
        was, now = (graph.edges.get(key, Edge()).times for graph in (base, head))
        if _is_more(was, now):
            return f"calls {most.callee.name} {_count(was)} → {_count(now)} times"
    spent = [] if most.place == place else [f"spent in {most.place.name}"]
    return ", ".join([*spent, *_in_library(most, base, head)])


def _in_library(part: Part, base: Graph, head: Graph) -> list[str]:
    """The library code that a function spends most of its rise in, if there is such."""
    rises = {
        name: edge.energy_j - base.library.get((place, name), Edge()).energy_j
        for (place, name), edge in head.library.items()
        if place == part.place
    }
    name = max(rises, key=rises.__getitem__, default="")
    if not name or rises[name] < 0.5 * part.energy_j:
        return []
    was, now = (graph.library.get((part.place, name), Edge()).times for graph in (base, head))
    if _is_more(was, now):
        return [f"in {name}, called {_count(was)} → {_count(now)} times"]
    return [f"in {name}"]


def _is_more(was: float, now: float) -> bool:
    return now > 1.01 * was + 0.01


def _count(calls: float) -> str:
    return f"{round(calls):,}"
