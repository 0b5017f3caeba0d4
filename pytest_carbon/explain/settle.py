"""Values of a graph's nodes that depend on each other, computed again until they stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from typing import TypeVar

    Node = TypeVar("Node", bound=Hashable)

__all__ = ["settle"]


def settle(
    order: Sequence[Node],
    dependents: Mapping[Node, Sequence[Node]],
    update: Callable[[Node], bool],
    rounds: int,
) -> None:
    """Call ``update`` for each node, which says whether its value has moved.

    Then again for the ``dependents`` of those that have, at most ``rounds`` times. Where ``order``
    has each node behind those that it depends on, only circles and what depends on them are gone
    through more than once.
    """
    waiting = set(order)
    for _ in range(rounds):
        for node in order:
            if node in waiting:
                waiting.remove(node)
                if update(node):
                    waiting.update(dependents.get(node, ()))
        if not waiting:
            break
