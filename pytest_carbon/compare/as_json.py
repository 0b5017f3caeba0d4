"""A comparison as JSON types, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_carbon.compare.result import ComparedTest, Comparison
    from pytest_carbon.explain.call_tree import Branch
    from pytest_carbon.explain.culprit import Explanation

__all__ = ["SCHEMA", "as_json"]

SCHEMA = 1
"""1: the first form; culprits and sums were added to it."""


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The report for other programs; energies in joules, times in seconds."""
    return {
        "schema": SCHEMA,
        "base": comparison.base,
        "head": comparison.head,
        "aa": comparison.is_aa,
        "exit_status": comparison.exit_status,
        "tolerance": comparison.tolerance,
        "method": comparison.method,
        "proof": comparison.proof,
        "once_s": comparison.once_s,
        "wall_s": comparison.wall_s,
        "suspects": comparison.suspects,
        "notes": list(comparison.notes),
        "new": list(comparison.new),
        "gone": list(comparison.gone),
        "tests": [_plain(test) for test in comparison.tests],
        "sums": [
            {
                "name": one.name,
                "tests": one.tests,
                "verdict": {**one.verdict._asdict(), "outcome": one.verdict.outcome.value},
                "explanation": _plain_explanation(one.explanation),
            }
            for one in comparison.sums
        ],
    }


def _plain(test: ComparedTest) -> dict[str, Any]:
    verdict = test.verdict
    plain: dict[str, Any] = {
        "test": test.test,
        "pairs": test.pairs,
        "mode": test.mode,
        "why": test.why,
    }
    if test.explanation is not None:
        plain["explanation"] = _plain_explanation(test.explanation)
    if verdict is None:
        return {**plain, "verdict": None}
    return {
        **plain,
        "verdict": {**verdict._asdict(), "outcome": verdict.outcome.value, "ratio": verdict.ratio},
    }


def _plain_explanation(explanation: Explanation | None) -> dict[str, Any] | None:
    if explanation is None:
        return None
    culprits = [culprit._asdict() for culprit in explanation.culprits]
    tree = None if explanation.tree is None else _plain_branch(explanation.tree)
    return {**explanation._asdict(), "culprits": culprits, "tree": tree}


def _plain_branch(branch: Branch) -> dict[str, Any]:
    return {
        "file": branch.place.file,
        "name": branch.place.name,
        "base_j": branch.base_j,
        "head_j": branch.head_j,
        "children": [_plain_branch(child) for child in branch.children],
    }
