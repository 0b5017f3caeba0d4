"""Which sessions the processes of a comparison come from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.compare.sessions import Generations

if TYPE_CHECKING:
    from collections.abc import Collection

ONE, OTHER = "test_a.py::test_one", "test_b.py::test_other"


class Session:
    """A session that can give processes until it ends, or only one."""

    def __init__(self, side: Side, files: Collection[str] | None) -> None:
        self.side = side
        self.files = files
        self.is_fresh = True
        self.is_open = True

    def hello(self) -> str:
        if self.side.fails_with is not None:
            raise self.side.fails_with
        return self.side.name

    def process(self) -> Any:
        self.is_fresh = self.side.forks
        return SimpleNamespace(kill=lambda: None)

    def end(self) -> None:
        self.is_fresh = False

    def close(self) -> None:
        self.is_open = False


class Side:
    def __init__(self, name: str, *, forks: bool = True) -> None:
        self.name = name
        self.forks = forks
        self.fails_with: Exception | None = None
        self.started: list[Session] = []

    def start(self, files: Collection[str] | None) -> Session:
        self.started.append(Session(self, files))
        return self.started[-1]

    @property
    def open(self) -> list[Session]:
        return [session for session in self.started if session.is_open]


def generations(*, forks: bool = True) -> tuple[Generations, Side]:
    """Generations of two sides, and one of these."""
    base: Any = Side("base", forks=forks)
    head: Any = Side("head", forks=forks)
    return Generations([base, head]), head


def test_one_session_gives_all_processes() -> None:
    made, side = generations()
    made.hellos()
    made.processes()
    made.processes([ONE])
    [session] = side.started
    assert session.files is None


def test_renewed_ones_collect_only_the_files_of_their_tests() -> None:
    made, side = generations()
    made.processes()
    for _ in range(2):
        made.renew()
        made.processes([ONE, OTHER])
        made.processes([ONE])
    assert [session.files for session in side.started[1:]] == 2 * [{"test_a.py", "test_b.py"}]
    made.processes(["test_c.py::test_third"])
    assert side.started[-1].files == {"test_c.py"}
    assert len(side.open) == 2


def test_what_collected_all_is_kept_for_whoever_needs_all() -> None:
    made, side = generations()
    made.processes()
    made.renew()
    made.processes([ONE])
    made.processes()
    made.reuse()
    made.processes([ONE])
    assert len(side.started) == 2
    assert side.open == side.started[:1]


def test_closed_ones_are_started_anew() -> None:
    made, side = generations()
    made.processes()
    made.close()
    made.close()
    assert not side.open
    made.processes()
    assert len(side.open) == 1


def test_where_nothing_forks_each_process_is_started() -> None:
    made, side = generations(forks=False)
    made.hellos()
    made.processes()
    made.processes([ONE])
    made.processes([ONE])
    made.processes()
    assert [session.files for session in side.started] == [None, {"test_a.py"}, {"test_a.py"}, None]


def test_a_session_that_does_not_collect_leaves_none_behind() -> None:
    made, side = generations()
    side.fails_with = ValueError("no tests")
    with pytest.raises(ValueError, match="no tests"):
        made.hellos()
    assert len(side.started) == 1
    assert not side.open
