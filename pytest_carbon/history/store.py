"""The history file: appended to by whole runs, read by test."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.nodeid import id_from_key, key_from_id
from pytest_carbon.errors import HistoryError
from pytest_carbon.history.point import Point
from pytest_carbon.history.schema import APPLICATION_ID, SCHEMA, TABLES
from pytest_carbon.intake.fault import FaultError, parse_json, value_text
from pytest_carbon.intake.limits import Limits
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_carbon.result.run import RunResult

__all__ = ["History"]

_TIMEOUT_S = 60.0
"""How long a run waits for another one that is just being appended, or for an answer."""

_STEPS = 100_000
"""Of SQLite's machine, between two looks at the time."""

_NOT_OURS = """
SELECT 1 FROM sqlite_master WHERE type <> 'table' AND (
    lower(name) IN ('run', 'subject', 'figure')
    OR type = 'trigger' AND lower(tbl_name) IN ('run', 'subject', 'figure')
)
"""
"""What could change or remove runs as one is added; views of other names are the user's affair."""

_FIGURES = {
    "energy_j": Limits(greatest=1e15),
    "emissions_g": Limits(greatest=1e18),
    "cpu_s": Limits(greatest=1e12),
}
"""What the figures of a point can be: those of a run add up many measurements."""


class History:
    """The runs in one file. Every method raises ``HistoryError`` where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """Make sure that a run can be appended; makes the file and its folder."""
        with self._open(write=True):
            pass

    def append(self, result: RunResult) -> bool:
        """Add a run with all its subjects, as a whole; ``False`` where it is there already.

        A run on hosts of several environments is one run of each.
        """
        first, *others = result.by_environment()
        added = self._append(first)
        for part in others:
            assert part.origin is not None, "it is a part of a run that has one"
            run_id = f"{part.origin.run_id}+{part.environment.fingerprint}"
            added |= self._append(part._replace(origin=part.origin._replace(run_id=run_id)))
        return added

    def _append(self, result: RunResult) -> bool:
        origin = result.origin
        assert origin is not None, "a run that is kept says where it comes from"
        total, accounting = result.total, result.accounting
        environment = json.dumps(result.environment._asdict(), sort_keys=True)
        run = (
            *map(_storable, (origin.run_id, origin.started_at, origin.project)),
            *map(_storable, (origin.commit, origin.branch)),
            *(result.environment.fingerprint, environment, result.course.complete),
            result.course.full_and_clean,
            *(None if total is None else total.energy_j, result.emissions_g),
            *(None if total is None else total.cpu_s, result.own_wall_s),
            accounting.intensity.g_per_kwh,
        )
        with self._open(write=True) as database:
            known = database.execute("SELECT 1 FROM run WHERE run_id = ?", run[:1])
            if known.fetchone():
                return False
            number = database.execute(
                "INSERT INTO run (run_id, started_at, project, commit_id, branch, fingerprint, "
                "environment, complete, whole, energy_j, emissions_g, cpu_s, wall_s, "
                "intensity_g_per_kwh) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                run,
            ).lastrowid
            named = [(s.subject.kind.value, key_from_id(s.subject.id)) for s in result.subjects]
            database.executemany("INSERT OR IGNORE INTO subject (kind, key) VALUES (?, ?)", named)
            database.executemany(
                "INSERT OR REPLACE INTO figure SELECT number, ?, ?, ?, ?, ?, ?, ? FROM subject "
                "WHERE kind = ? AND key = ?",
                [
                    (
                        *(number, s.total.energy_j, s.total.raw_j),
                        accounting.emissions_g(s.total.energy_j),
                        *(s.total.cpu_s, s.total.wall_s),
                        "" if s.verdict is None else s.verdict.outcome.value,
                        *name,
                    )
                    for s, name in zip(result.subjects, named, strict=True)
                ],
            )
        return True

    def runs(self) -> list[Point]:
        """The whole runs, oldest first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT run_id, started_at, commit_id, branch, fingerprint, energy_j, "
                "emissions_g, cpu_s, '', complete, whole FROM run ORDER BY started_at, number"
            )
            return [_point(row) for row in rows]

    def of(self, subject: Subject) -> list[Point]:
        """One subject in all runs that had it, oldest first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT run_id, started_at, commit_id, branch, fingerprint, f.energy_j, "
                "f.emissions_g, f.cpu_s, f.verdict, 1, 1 FROM figure f "
                "JOIN subject s ON f.subject = s.number JOIN run r ON f.run = r.number "
                "WHERE s.kind = ? AND s.key = ? ORDER BY started_at, r.number",
                (subject.kind.value, key_from_id(subject.id)),
            )
            return [_point(row) for row in rows]

    def find(self, text: str) -> list[Subject]:
        """The subject that is called ``text``, else those that have it in their name."""
        with self._open() as database:
            rows = database.execute("SELECT kind, key FROM subject ORDER BY kind, key")
            subjects = [Subject(Kind(kind), _id_of(key)) for kind, key in rows]
        exact = [subject for subject in subjects if subject.id == text]
        return exact or [subject for subject in subjects if text in subject.id]

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction; nothing is kept of it where it fails."""
        try:
            if self._path.exists() and not self._path.is_file():
                raise self._unusable("it is no regular file")
            if write:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            elif not self._path.exists():
                raise HistoryError(
                    f"there is no history in {self._path}",
                    remedy=f"pytest --carbon --carbon-history={self._path} begins one",
                )
            with closing(sqlite3.connect(self._path, timeout=_TIMEOUT_S)) as database:
                database.isolation_level = None
                until_s = monotonic() + _TIMEOUT_S
                # A table that somebody else has made may be a query without an end.
                database.set_progress_handler(lambda: monotonic() > until_s, _STEPS)
                database.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                self._prepare(database, write=write)
                yield database
                database.execute("COMMIT")
        except FaultError as fault:
            where = " ".join(fault.path)
            raise self._unusable(f"{where} {fault.what}") from None
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._unusable(str(error)) from None

    def _unusable(self, why: str) -> HistoryError:
        return HistoryError(
            f"the history {self._path} cannot be used: {why}",
            remedy="name another file with --carbon-history=PATH",
        )

    def _prepare(self, database: sqlite3.Connection, *, write: bool) -> None:
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        empty = not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty and write and not application:
            for statement in TABLES.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA}")
        elif application != APPLICATION_ID:
            raise HistoryError(
                f"{self._path} is a database of another program",
                remedy="name another file with --carbon-history=PATH",
            )
        elif version > SCHEMA:
            raise HistoryError(
                f"{self._path} has the schema {version}, newer than the {SCHEMA} that is "
                "understood here",
                remedy="upgrade pytest-carbon, or name another file",
            )
        elif database.execute(_NOT_OURS).fetchone():
            raise self._unusable("a trigger or a view of somebody else's stands in its tables' way")


def _storable(text: str) -> str:
    """A text that SQLite can hold, as the name of a branch may hold what is no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _id_of(key: object) -> str:
    """The node id that is stored as ``key``. Raises ``ValueError`` for what is none."""
    name = parse_json(key, "a name") if type(key) is str else None
    if type(name) is not str:
        raise FaultError(f"is {value_text(key)}, not a name in JSON", ("key",))
    return id_from_key(name)


def _point(row: tuple[Any, ...]) -> Point:
    """A row as a point. Raises ``FaultError``: SQLite keeps any value in any column."""
    texts = ("run_id", "started_at", "commit", "branch", "fingerprint", "verdict")
    found = dict(zip((*texts[:5], "energy_j", "emissions_g", "cpu_s", texts[5]), row, strict=False))
    for name in texts:
        if type(found[name]) is not str:
            raise FaultError(f"is {value_text(found[name])}, not a text", (name,))
    for name, limits in _FIGURES.items():
        figure = found[name]
        if figure is not None and (type(figure) not in (int, float) or not limits.allows(figure)):
            raise FaultError(f"is {value_text(figure)}, not {limits}", (name,))
    return Point(**found, complete=bool(row[9]), whole=bool(row[10]))
