"""The kinds of reports that go to files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.result import RunResult

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind: what it is called in a file's name, and what renders it."""

    suffix: str
    render: Callable[[RunResult], str]


def _json(result: RunResult) -> str:
    from pytest_carbon.resultfile.file import write_result

    return write_result(result)


KINDS = {
    "json": Kind(suffix=".json", render=_json),
}
