"""Convicted tests with the same culprit are one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_carbon.explain.culprit import Culprit, Explanation

__all__ = ["Finding", "findings", "headline"]


class Finding(NamedTuple):
    """What one function, or something unknown, did to some tests.

    ``rise_j`` and ``energy_j`` are sums over the ``tests``: of all that they rose by, and of the
    culprit's part. ``explained`` are suspects with the same culprit, which were not measured
    further. ``culprit`` is ``None`` where no single function is the reason; ``lines`` then
    say what is known.
    """

    tests: tuple[str, ...]
    rise_j: float
    energy_j: float
    culprit: Culprit | None
    lines: tuple[str, ...]
    explained: tuple[str, ...] = ()


def findings(
    explanations: Mapping[str, Explanation], explained: Mapping[str, Explanation]
) -> list[Finding]:
    """One finding for each culprit, the greatest rise first, then tests without one.

    ``explanations`` are those of convicted tests, ``explained`` of suspects that the same culprits
    account for.
    """
    groups: dict[object, list[str]] = {}
    for test, explanation in explanations.items():
        main = explanation.main
        key = (main.file, main.name) if main is not None else test
        groups.setdefault(key, []).append(test)
    others: dict[object, list[str]] = {}
    for test, explanation in explained.items():
        main = explanation.main
        if main is not None:
            others.setdefault((main.file, main.name), []).append(test)
    found = [
        _finding(tests, explanations)._replace(explained=tuple(sorted(others.get(key, ()))))
        for key, tests in groups.items()
    ]
    return sorted(found, key=lambda f: (f.culprit is None, -f.rise_j, f.tests))


def _finding(tests: Iterable[str], explanations: Mapping[str, Explanation]) -> Finding:
    ordered = sorted(tests, key=lambda test: -explanations[test].rise_j)
    first = explanations[ordered[0]]
    rise_j = sum(explanations[test].rise_j for test in ordered)
    mains = [main for test in ordered if (main := explanations[test].main) is not None]
    if not mains:
        return Finding(tuple(ordered), rise_j, 0.0, None, tuple(first.lines()))
    energy_j = sum(main.energy_j for main in mains)
    lines = first.lines()
    if len(ordered) > 1:
        lines = [mains[0]._replace(energy_j=energy_j).sentence(rise_j, len(ordered))]
    return Finding(tuple(ordered), rise_j, energy_j, mains[0], tuple(lines))


def headline(found: Iterable[Finding]) -> str:
    """How many tests burn more, and how many culprits that has: ``20 tests, one culprit``."""
    listed = list(found)
    tests = sum(len(finding.tests) for finding in listed)
    culprits = sum(finding.culprit is not None for finding in listed)
    words = [f"{tests} test{'s' * (tests != 1)}"]
    if culprits:
        words.append(f"{'one' if culprits == 1 else culprits} culprit{'s' * (culprits != 1)}")
    return ", ".join(words)
