"""The calls of two versions as one tree."""

from __future__ import annotations

import pytest

from pytest_carbon.explain.call_tree import Branch, call_tree
from pytest_carbon.explain.graph import ROOT, Edge, Graph, Place

TEST, PARSE, NEXT, WRAP = (Place("a.py", name) for name in ("test", "parse", "next", "wrap"))


def graph(wrap_j: float) -> Graph:
    """``parse`` and ``next`` call each other, and ``next`` calls ``wrap``; so does the test."""
    return Graph(
        {TEST: 1.0, PARSE: 2.0, NEXT: 3.0, WRAP: wrap_j},
        {
            (ROOT, TEST): Edge(1),
            (TEST, PARSE): Edge(1),
            (PARSE, NEXT): Edge(50),
            (NEXT, PARSE): Edge(49),
            (NEXT, WRAP): Edge(30),
            (TEST, WRAP): Edge(10),
        },
        {},
    )


def test_circles_are_one_branch_and_what_they_call_is_below_them() -> None:
    tree = call_tree(graph(4.0), graph(8.0))
    assert (tree.base_j, tree.head_j) == pytest.approx((10.0, 14.0))
    [test] = tree.children
    circle, wrap = test.children
    assert circle.place == PARSE
    assert circle.circle == 1
    assert (circle.base_j, circle.head_j) == pytest.approx((2 + 3 + 3, 2 + 3 + 6))
    assert [child.place for child in circle.children] == [WRAP]
    assert (wrap.base_j, wrap.head_j) == pytest.approx((1.0, 2.0))


def test_what_cannot_be_seen_is_left_out() -> None:
    tree = call_tree(graph(0.001), graph(0.001))
    assert not _named(tree, WRAP)


def test_a_function_that_only_one_version_has_is_shown() -> None:
    head = graph(4.0)
    base = Graph({TEST: 1.0}, {(ROOT, TEST): Edge(1)}, {})
    [test] = call_tree(base, head).children
    assert [(child.place, child.base_j) for child in test.children] == [(PARSE, 0.0), (WRAP, 0.0)]


def _named(branch: Branch, place: Place) -> bool:
    return branch.place == place or any(_named(child, place) for child in branch.children)
