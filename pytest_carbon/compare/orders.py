"""What a user asks to have compared, from words to revisions and settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.errors import CompareError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.compare.repository import Repository, Revision

__all__ = ["Order", "revisions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One comparison as it was asked for; ``cwd`` is where pytest would have been started.

    ``base`` or ``merge_base`` names the older revision, ``head`` the newer one (``None`` for
    the working tree).
    """

    cwd: Path
    base: str | None = None
    merge_base: str | None = None
    head: str | None = None
    setup: str | None = None
    arguments: tuple[str, ...] = ()
    aa: bool = False
    measures_all: bool = False
    in_turn: bool = False
    spawn: bool = False
    tolerance: float = 0.05
    max_pairs: int | None = None


def revisions(order: Order, repository: Repository) -> tuple[Revision, Revision]:
    """Base and head; raises ``CompareError`` for what cannot be resolved."""
    if order.aa:
        if order.head is not None or order.merge_base is not None:
            raise CompareError(
                "--aa compares one revision with itself", remedy="give it one BASE and nothing else"
            )
        name = order.base or "HEAD"
        return repository.resolve(name), repository.resolve(name)
    if (order.base is None) == (order.merge_base is None):
        raise CompareError(
            "compare needs one BASE",
            remedy="name a revision ('pytest-carbon compare main'), or --merge-base=origin/main",
        )
    head = repository.resolve(order.head) if order.head else repository.working_tree()
    if order.merge_base is not None:
        return repository.merge_base(order.merge_base, head), head
    assert order.base is not None, "one of the two is given"
    return repository.resolve(order.base), head
