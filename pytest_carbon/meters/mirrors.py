"""Counters that show what another one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["drop_mirrors"]

_LOOKS = 6
_LOOK_APART_S = 0.002


class Counter(Protocol):
    """One of a machine's counters; those of the same package have its number."""

    @property
    def package(self) -> int:
        """The number of the package."""

    @property
    def is_package(self) -> bool:
        """Whether it counts the package as a whole."""


AnyCounter = TypeVar("AnyCounter", bound=Counter)


def drop_mirrors(
    counters: Sequence[AnyCounter],
    snapshot: Callable[[], Sequence[int]],
    sleep: Callable[[float], None],
) -> list[AnyCounter]:
    """The counters to keep: some AMD parts show one package counter once a die.

    Two package counters that show the same at two looks are one; the later one is dropped, with
    its dram. Looks are taken some milliseconds apart, a counter's refresh being about one, so
    that a refresh between two readings at one look hides no mirror.
    """
    packages = [at for at, one in enumerate(counters) if one.is_package]
    if len(packages) < 2:
        return list(counters)
    looks = [snapshot()]
    for _ in range(_LOOKS - 1):
        sleep(_LOOK_APART_S)
        looks.append(snapshot())
    mirrors: set[int] = set()
    for index, later in enumerate(packages):
        for earlier in packages[:index]:
            same = sum(look[later] == look[earlier] for look in looks)
            if same >= 2 and counters[earlier].package not in mirrors:
                mirrors.add(counters[later].package)
    return [one for one in counters if one.package not in mirrors]
