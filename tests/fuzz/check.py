"""What holds of everything that is said or written, whatever was read before."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_carbon.errors import CarbonError

__all__ = ["Target", "check_error", "check_json", "check_text"]


class Target(NamedTuple):
    """One reader of what comes from outside, and what the product does with what it has read.

    ``use`` gets the input and an empty folder, and says whether the reader took it. ``form`` is
    how inputs are best changed: as ``json``, as ``lines`` of it, as a ``body`` of it below other
    lines, or as ``bytes``.
    """

    use: Callable[[bytes, Path], bool]
    form: str = "json"


def check_text(text: str, *, is_log: bool = True) -> None:
    """No text of a stranger moves the cursor, hides or is a command to the CI system of a log."""
    assert [c for c in text if not c.isprintable() and c not in "\n\t"] == []
    if is_log:
        assert not [line for line in text.splitlines() if line.startswith("::set-output")]
        assert not re.search(r"##\w*\[", text)


def check_error(error: CarbonError, *named: str) -> None:
    """One line that says what is wrong and where, and what to do."""
    check_text(str(error))
    assert "\n" not in str(error)
    assert error.problem
    assert error.remedy
    assert not [name for name in named if name not in error.problem]


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def check_json(text: str) -> Any:
    """The value of a text that other programs are to read."""
    return json.loads(text, parse_constant=_no_constant)
