"""The parts of a rise add up to the rise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.explain.blame import take_apart
from pytest_carbon.explain.graph import ROOT, Edge, Graph, Place, shares_of_ends

NAMES = [Place("a.py", name) for name in "abcde"]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Calls that lead downwards only, from outside to the last function."""
    self_j = {name: draw(st.floats(0.1, 10)) for name in NAMES}
    edges = {(ROOT, NAMES[0]): Edge(1, 1.0)}
    for at, caller in enumerate(NAMES):
        for callee in NAMES[at + 1 :]:
            edges[caller, callee] = Edge(draw(st.integers(1, 5)), 1.0)
    return Graph(self_j, edges, {})


@given(graphs(), graphs())
def test_the_parts_add_up_to_the_whole_rise(base: Graph, head: Graph) -> None:
    rise_j = sum(head.self_j.values()) - sum(base.self_j.values())
    parts_j = sum(part.energy_j for part in take_apart(base, head))
    assert abs(parts_j - rise_j) <= 1e-6 * max(1.0, abs(rise_j), *head.self_j.values()) * 100


@given(graphs())
def test_a_graph_and_itself_have_no_parts(graph: Graph) -> None:
    assert all(part.energy_j == 0 for part in take_apart(graph, graph))


def test_circles_are_left_in_the_proportions_in_which_they_were_entered() -> None:
    callers = {
        "x": [("y", 1.0), ("left", 3.0)],
        "y": [("x", 1.0), ("right", 1.0)],
    }
    shares = shares_of_ends(callers, lambda node: node in {"left", "right"})
    assert abs(sum(shares["x"].values()) - 1) < 1e-9
    assert shares["x"]["left"] > shares["x"]["right"]
