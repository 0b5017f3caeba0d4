"""From a document of an older schema to the next one's; see ``layout`` for what changed."""

from __future__ import annotations

from typing import Any

from pytest_carbon.baseline.readers import KINDS, read_spread
from pytest_carbon.intake.fault import FaultError

__all__ = ["from_1"]

_OLD = ("repeats", "alone_first", "alone")
_NEW = ("look", "first_j", "look_j")


def from_1(document: dict[str, Any]) -> dict[str, Any]:
    """Make the runs alone in their process a test's look, or its repeats where it has none.

    Both are what a look takes, runs after the first in a fresh process. Whatever is not an entry
    stays as it is, for the reader of the next schema to refuse. Raises ``FaultError`` for a
    faulty field that is not in the next schema, under the name that it has in the file.
    """
    return {
        name: _group_from_1(name, value) if name in KINDS and type(value) is dict else value
        for name, value in document.items()
    }


def _group_from_1(kind: str, group: dict[str, Any]) -> dict[str, Any]:
    entries, key = {}, ""
    try:
        for key, entry in group.items():
            entries[key] = _entry_from_1(entry) if type(entry) is dict else entry
    except FaultError as fault:
        raise fault.below(key).below(kind) from None
    return entries


def _entry_from_1(entry: dict[str, Any]) -> dict[str, Any]:
    for name in _NEW:
        if name in entry:
            raise FaultError("is not a known field of schema 1", (name,))
    for name in _OLD:
        if name in entry:
            try:
                read_spread(entry[name])
            except FaultError as fault:
                raise fault.below(name) from None
    upgraded = {name: value for name, value in entry.items() if name not in _OLD}
    for name in ("repeats", "alone"):
        if name in entry:
            upgraded["look"] = entry[name]
    return upgraded
