"""History files: SQLite databases that somebody, or a disk, has changed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pytest_carbon.errors import HistoryError
from pytest_carbon.history import store
from pytest_carbon.history.store import History
from pytest_carbon.report.html.page import render_trend
from pytest_carbon.report.trend import trend_lines
from tests.fuzz.check import Target, check_error, check_text
from tests.results import run_result

if TYPE_CHECKING:
    from pathlib import Path

_DENIED = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA}


_whole: list[bytes] = []
"""A history of three runs, once it has been made."""


def _make(path: Path) -> None:
    if not _whole:
        result = run_result()
        assert result.origin is not None
        for name in ("a", "b", "c"):
            origin = result.origin._replace(run_id=name)
            History(path).append(result._replace(origin=origin))
        _whole.append(path.read_bytes())
    path.write_bytes(_whole[0])


def _damage(data: bytes, path: Path) -> bool:
    """Make the file that ``data`` describes; ``False`` where it describes none."""
    try:
        told: Any = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if type(told) is not dict:
        return False
    _make(path)
    _change_values(told.get("values"), path)
    _run_statements(told.get("statements"), path)
    content = bytearray(path.read_bytes())
    for change in _list(told.get("bytes")):
        if type(change) is list and [*map(type, change)] == [int, int]:
            content[change[0] % len(content)] = change[1] % 256
    cut = told.get("cut")
    if type(cut) is int:
        content = content[: cut % (len(content) + 1)]
    path.write_bytes(content)
    return True


def _list(value: object) -> list[Any]:
    return value if type(value) is list else []


def _change_values(told: object, path: Path) -> None:
    """Each change is a table's name, a column's number, a row's number and the value."""
    with closing(sqlite3.connect(path)) as database, database:
        for change in _list(told):
            if type(change) is not list or len(change) != 4:
                continue
            table, column, row, value = change
            if table not in ("run", "subject", "figure") or type(column) is not int:
                continue
            names = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
            wanted = names[column % len(names)]
            key = "run" if table == "figure" else "number"
            try:
                database.execute(f"UPDATE {table} SET {wanted} = ? WHERE {key} = ?", (value, row))
            except (sqlite3.Error, OverflowError, UnicodeEncodeError):
                continue


def _run_statements(told: object, path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK
        )
        steps = iter(range(100))
        database.set_progress_handler(lambda: next(steps, None) is None, 10_000)
        for statement in _list(told):
            if type(statement) is not str:
                continue
            try:
                database.execute(statement)
            except (sqlite3.Error, sqlite3.Warning, ValueError):
                continue


def use_history(data: bytes, folder: Path) -> bool:
    """What ``history`` and the end of a run do with a history."""
    path = folder / "history.sqlite"
    if not _damage(data, path):
        return False
    # A query without an end is interrupted sooner here.
    patience_s, store._TIMEOUT_S = store._TIMEOUT_S, 0.5
    try:
        return _use(path)
    finally:
        store._TIMEOUT_S = patience_s


def _use(path: Path) -> bool:
    before = path.read_bytes()
    history = History(path)
    is_whole = True
    runs = []
    try:
        runs = history.runs()
        check_text("\n".join(trend_lines(runs)))
        render_trend("whole runs", runs)
        for subject in history.find(""):
            check_text("\n".join(trend_lines(history.of(subject))))
    except HistoryError as error:
        check_error(error, path.name)
        is_whole = False
    assert path.read_bytes() == before, "a reader writes nothing"
    try:
        history.append(run_result())
        assert {*runs} <= {*history.runs()}, "what was there is lost"
    except HistoryError as error:
        check_error(error, path.name)
        assert path.read_bytes() == before, "what cannot be added to stays as it is"
        is_whole = False
    return is_whole


TARGETS = {"history": Target(use_history)}
