"""The names under which subjects are stored and shown."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["fixture_id", "tell_apart", "test_id"]

_NAME = pytest.StashKey[str]()

# pytest's own fixtures around setup_module and its kin carry a place in their name.
_XUNIT = re.compile(r"_(?:xunit|unittest)_(\w+?)_fixture_(.*)")
_XUNIT_NAMES = {
    "setup_module": "setup_module",
    "setup_function": "setup_function",
    "setup_class": "setup_class",
    "setup_method": "setup_method",
    "setUpClass": "setUpClass",
}


def fixture_id(fixturedef: pytest.FixtureDef[Any]) -> str:
    """Where a fixture is defined, and its name: ``tests/conftest.py::database``."""
    match = _XUNIT.fullmatch(fixturedef.argname)
    if match is not None:
        name = _XUNIT_NAMES.get(match[1], match[1])
        return f"{match[2]}::{name}"
    return f"{fixturedef.baseid or fixturedef.func.__module__}::{fixturedef.argname}"


def test_id(item: pytest.Item) -> str:
    """The node id, without the ``@group`` that pytest-xdist appends on pytest 8.

    Further tests of the same node id (pytest#663) have a number behind it.
    """
    try:
        return item.stash[_NAME]
    except KeyError:
        return _plain_id(item, item.nodeid)


def _plain_id(item: pytest.Item, nodeid: str) -> str:
    if "@" not in nodeid:
        return nodeid
    marks = list(item.iter_markers("xdist_group"))
    if not marks:
        return nodeid
    groups = {str(m.args[0] if m.args else m.kwargs.get("name", "default")) for m in marks}
    # Earlier versions of pytest-xdist know the closest one only.
    for group in ("_".join(sorted(groups)), *groups):
        plain = nodeid.removesuffix(f"@{group}")
        if plain != nodeid:
            return plain
    return nodeid


def tell_apart(items: Iterable[pytest.Item]) -> dict[str, str]:
    """Name collected tests once and for all; those that share a node id differ.

    Returns the names by the node ids that hold more than a name (a group of pytest-xdist).
    """
    seen: Counter[str] = Counter()
    longer: dict[str, str] = {}
    for item in items:
        nodeid = item.nodeid
        name = _plain_id(item, nodeid)
        if name != nodeid:
            longer[nodeid] = name
        seen[nodeid] += 1
        if seen[nodeid] > 1:
            name += f" #{seen[nodeid]}"
        # One text for all who name it; pytest makes a new one each time.
        item.stash[_NAME] = name
    return longer
