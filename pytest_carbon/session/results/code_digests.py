"""The code of the collected tests, by which their baselines find them after a renaming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.hooks import Hooks
from pytest_carbon.measurement import Kind
from pytest_carbon.session.subject_ids import test_id
from pytest_carbon.updates.code_digests import digests_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from pytest_carbon.result.subject import SubjectResult

__all__ = ["CodeDigests"]


class CodeDigests(Hooks):
    """Notes where the tests are that this process collects; for runs that are to be stored."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places: dict[str, tuple[str, int]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note each test's file and line."""
        for item in session.items:
            file, line, _ = item.location
            if line is not None:
                self._places[test_id(item)] = (file, line + 1)

    def digests(self, results: Iterable[SubjectResult]) -> dict[str, str]:
        """The digests of the collected tests, and of those that xdist's workers have run."""
        places = dict(self._places)
        for result in results:
            if result.subject.kind is Kind.TEST and result.line is not None:
                places[result.subject.id] = (result.path, result.line)
        return digests_of(self._root, places)
