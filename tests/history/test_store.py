"""Runs kept for years in one SQLite file."""

from __future__ import annotations

import random
import sqlite3
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_carbon.errors import HistoryError
from pytest_carbon.history.store import History
from pytest_carbon.measurement import Kind, Subject
from tests.hostile import hostile_result
from tests.results import SUBJECTS, cost, run_result

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_carbon.result.run import RunResult


def numbered(number: int, result: RunResult | None = None) -> RunResult:
    result = run_result() if result is None else result
    assert result.origin is not None
    started_at = f"2026-01-{number + 1:02}T00:00:00+00:00"
    return result._replace(
        origin=result.origin._replace(run_id=f"run-{number}", started_at=started_at)
    )


def test_what_was_appended_is_found_again(tmp_path: Path) -> None:
    history = History(tmp_path / "sub" / "history.sqlite")
    for number in (1, 0, 2):
        assert history.append(numbered(number))
    runs = history.runs()
    assert [run.run_id for run in runs] == ["run-0", "run-1", "run-2"]
    total = run_result().total
    assert total is not None
    assert runs[0].energy_j == pytest.approx(total.energy_j)
    assert runs[0].branch == "main"
    assert runs[0].remark == "not complete"
    [worse, *_] = history.of(Subject(Kind.TEST, "tests/test_a.py::test_worse"))
    assert worse.energy_j == pytest.approx(3)
    assert worse.verdict == "regressed"


def test_the_same_run_is_kept_once(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    assert history.append(numbered(1))
    assert not history.append(numbered(1))
    assert len(history.runs()) == 1


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    lost = SUBJECTS[0]._replace(total=cost(1.0, missing=("gpu-0",)))
    history.append(run_result(lost))
    assert history.runs()[0].energy_j is None
    assert history.of(lost.subject)[0].emissions_g is None


def test_hostile_names_come_back(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    result = hostile_result()
    history.append(result)
    for one in result.subjects:
        assert history.find(one.subject.id) == [one.subject]
        assert len(history.of(one.subject)) == 1


def test_finding_prefers_the_whole_name(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    history.append(run_result())
    assert len(history.find("test_a.py")) == 3
    assert [s.id for s in history.find("tests/sub/test_b.py::test_unjudged")] == [
        "tests/sub/test_b.py::test_unjudged"
    ]


def test_many_writers_lose_no_run(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    threads = [
        threading.Thread(target=history.append, args=(numbered(number),)) for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.runs()) == 20
    assert len(history.of(SUBJECTS[0].subject)) == 20


def test_another_program_s_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE mine (a)")
    database.close()
    before = path.read_bytes()
    for use in (History(path).check, History(path).runs):
        with pytest.raises(HistoryError, match="a database of another program: name another"):
            use()
    (tmp_path / "text").write_text("not a database, but long enough to look at" * 10)
    with pytest.raises(HistoryError, match="cannot be used: file is not a database"):
        History(tmp_path / "text").check()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TRIGGER gone AFTER INSERT ON run BEGIN DELETE FROM run; END",
        "ALTER TABLE figure RENAME TO f; CREATE VIEW figure AS SELECT * FROM f",
    ],
)
def test_what_could_remove_runs_as_one_is_added_is_refused(tmp_path: Path, made: str) -> None:
    path = tmp_path / "history.sqlite"
    History(path).append(numbered(1))
    with sqlite3.connect(path) as database:
        database.executescript(made)
    database.close()
    before = path.read_bytes()
    for use in (History(path).check, History(path).runs):
        with pytest.raises(HistoryError, match=r"a trigger or a view .*: name another file"):
            use()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE run SET energy_j = 9e999", "energy_j is inf, not a number from 0 to 1e\\+15"),
        ("UPDATE run SET energy_j = 'much'", "energy_j is 'much', not a number"),
        ("UPDATE run SET started_at = x'ff'", "started_at is b'.*, not a text"),
        ("UPDATE run SET branch = CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
        ("UPDATE subject SET key = '7' WHERE number = 1", "key is '7', not a name in JSON"),
        ("UPDATE subject SET key = 7 WHERE number = 1", "key is '7', not a name in JSON"),
        ("UPDATE subject SET key = x'22' WHERE number = 1", "key is b'.*, not a name in JSON"),
        (
            f"UPDATE subject SET key = '{'[' * 100_000}' WHERE number = 1",
            "is nested too deeply to be a name",
        ),
        ("UPDATE subject SET kind = 'odd' WHERE number = 1", "'odd' is not a valid Kind"),
        ("ALTER TABLE run RENAME COLUMN branch TO twig", "no such column: branch"),
    ],
)
def test_a_value_that_a_column_cannot_mean_is_one_error(
    tmp_path: Path, change: str, message: str
) -> None:
    path = tmp_path / "history.sqlite"
    History(path).append(numbered(1))
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    before = path.read_bytes()

    def read() -> None:
        History(path).runs()
        History(path).find("")

    with pytest.raises(HistoryError, match=rf"cannot be used: .*{message}.*: name another file"):
        read()
    assert path.read_bytes() == before


@pytest.mark.parametrize("seed", range(20))
def test_bytes_that_a_disk_has_lost_are_one_error_and_nothing_more_is_lost(
    tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "history.sqlite"
    for number in range(3):
        History(path).append(numbered(number))
    dice = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 10, 1000))):
        content[dice.randrange(len(content))] = dice.randrange(256)
    if seed % 2:
        content = content[: dice.randrange(len(content))]
    path.write_bytes(content)
    history = History(path)

    def tried(use: Callable[[], T]) -> T | None:
        try:
            return use()
        except HistoryError:
            return None

    known = tried(history.runs)
    assert path.read_bytes() == content
    if tried(lambda: history.append(numbered(9))) is None:
        assert path.read_bytes() == content
    elif known is not None:
        assert {*known} <= {*history.runs()}


def test_a_view_of_the_user_s_own_may_stand_beside_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    History(path).append(numbered(1))
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIEW trend AS SELECT started_at, energy_j FROM run")
    database.close()
    assert History(path).append(numbered(2))


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    History(path).append(run_result())
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(HistoryError, match=r"schema 99, newer than the 1.*upgrade"):
        History(path).append(run_result())


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"there is no history.*--carbon-history="):
        History(tmp_path / "none").runs()
    assert not (tmp_path / "none").exists()
    with pytest.raises(HistoryError, match="cannot be used"):
        History(tmp_path).check()
