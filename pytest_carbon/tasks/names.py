"""What a task may be called, and the path that tells it from others of the same name."""

from __future__ import annotations

from pytest_carbon.errors import TaskError

__all__ = ["SEPARATOR", "check_name", "owner_of", "path_below", "subject_id"]

SEPARATOR = " > "
"""Stands between a test and its task, and between a task and one inside it."""

_LONGEST = 200
_EXAMPLE = 'name it like carbon.task("load dataset")'


def check_name(name: object) -> str:
    """A usable name, without blanks around it.

    Raises ``TaskError`` for one that is empty, too long, not printable, or holds the separator.
    """
    if not isinstance(name, str):
        raise TaskError(f"a task's name is {name!r}, not a text", remedy=_EXAMPLE)
    name = name.strip()
    if not name:
        raise TaskError("a task has an empty name", remedy=_EXAMPLE)
    if len(name) > _LONGEST:
        raise TaskError(
            f"a task's name has {len(name)} characters ({name[:20]}...)",
            remedy=f"use at most {_LONGEST}, and keep data out of names",
        )
    if not name.isprintable():
        raise TaskError(
            f"a task's name has characters that cannot be seen: {name!r}",
            remedy="leave line ends and control characters out",
        )
    if SEPARATOR in name:
        raise TaskError(
            f"a task's name holds {SEPARATOR!r}, which stands between a task and one inside it: "
            f"{name!r}",
            remedy="use another sign",
        )
    return name


def path_below(parent: str, name: str) -> str:
    """The path of a task inside another; one right inside its namesake shares its path.

    So a recursive function is one row, however deep it goes.
    """
    if not parent:
        return name
    if parent == name or parent.endswith(SEPARATOR + name):
        return parent
    return parent + SEPARATOR + name


def subject_id(test_id: str, path: str) -> str:
    """The name under which a task inside a test is stored and shown."""
    return test_id + SEPARATOR + path


def owner_of(task_id: str, tests: frozenset[str]) -> str:
    """The test of a stored task: the longest known one, else all before the first separator."""
    parts = task_id.split(SEPARATOR)
    for count in range(len(parts) - 1, 0, -1):
        test = SEPARATOR.join(parts[:count])
        if test in tests:
            return test
    return parts[0]
