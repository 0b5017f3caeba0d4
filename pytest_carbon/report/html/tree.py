"""Where the energy went: folders, files, classes and tests as one tree of sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.measurement import Kind
from pytest_carbon.report.names import host_mark
from pytest_carbon.text import short_name, visible
from pytest_carbon.units import format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["energy_tree", "steps"]

_LONGEST = 200
_WITH_PHASES = 500
"""So many of the costliest tests are split into their phases."""

_TOP = {Kind.COLLECTION: "collection and imports", Kind.RUNNER: "pytest itself"}
_ELSEWHERE = (Kind.TASK, Kind.FILE, Kind.LOOKS)
"""Kinds whose cost is in tests already, or no part of the run."""


class _Node:
    __slots__ = ("children", "energy_j")

    def __init__(self) -> None:
        self.energy_j = 0.0
        self.children: dict[str, _Node] = {}

    def child(self, name: str) -> _Node:
        return self.children.setdefault(name, _Node())


def steps(nodeid: str) -> list[str]:
    """The way from the root to a test: folders, file, classes, the test with its parameters."""
    file, _, rest = nodeid.partition("::")
    names, bracket, parameters = rest.partition("[")
    parts = [*file.split("/"), *names.split("::")] if rest else file.split("/")
    parts[-1] += bracket + parameters
    return [part for part in parts if part] or ["(no name)"]


def energy_tree(result: RunResult, *, of_tests: bool = True) -> list[Any]:
    """Nodes as ``[name, energy_j, words, children]``; what is unknown is left out.

    They are ``of_tests``, or of all that is no test: wider fixtures, collection, pytest itself.
    """
    root = _Node()
    detailed = {s.subject for s in result.costliest(Kind.TEST, _WITH_PHASES)}
    for subject in result.subjects:
        kind = subject.subject.kind
        if kind in _ELSEWHERE or (kind is Kind.TEST) is not of_tests:
            continue
        if subject.total.energy_j:
            _add(root, subject, detailed=subject.subject in detailed)
    return list(_plain(root))


def _way(subject: SubjectResult) -> list[str]:
    kind = subject.subject.kind
    if kind in _TOP:
        return [_TOP[kind], subject.subject.id] if kind is Kind.RUNNER else [_TOP[kind]]
    way = steps(subject.subject.id)
    mark = "" if kind is Kind.TEST else f" ({kind.value})"
    return [*way[:-1], f"{way[-1]}{mark}{host_mark(subject)}"]


def _add(root: _Node, subject: SubjectResult, *, detailed: bool) -> None:
    energy_j = subject.total.energy_j or 0.0
    node = root
    node.energy_j += energy_j
    for name in _way(subject):
        node = node.child(name)
        node.energy_j += energy_j
    if detailed and len(subject.by_phase) > 1:
        for phase, cost in subject.by_phase.items():
            node.child(phase.value).energy_j += cost.energy_j or 0.0


def _plain(node: _Node) -> Iterator[list[Any]]:
    """The children of a node, the costliest first; a folder with one folder is one step."""
    for name, child in sorted(node.children.items(), key=lambda item: -item[1].energy_j):
        path, inner = name, child
        while len(inner.children) == 1:
            ((below, only),) = inner.children.items()
            if not only.children:
                break
            path, inner = f"{path}/{below}", only
        shown = short_name(visible(path), _LONGEST)
        energy_j = float(f"{inner.energy_j:.6g}")
        yield [shown, energy_j, format_energy(energy_j), list(_plain(inner))]
