"""The tables of a history file.

History of the schema: 1 is the first. ``user_version`` holds the number.
"""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "SCHEMA", "TABLES"]

SCHEMA = 1

APPLICATION_ID = 0x43_32_65_31
"""Marks a SQLite file as ours, so that no other program's file is ever written to."""

TABLES = """
CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    started_at TEXT NOT NULL,
    project TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    branch TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    environment TEXT NOT NULL,
    complete INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    energy_j REAL,
    emissions_g REAL,
    cpu_s REAL,
    wall_s REAL NOT NULL,
    intensity_g_per_kwh REAL NOT NULL
);
CREATE TABLE subject (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE TABLE figure (
    subject INTEGER NOT NULL REFERENCES subject (number),
    run INTEGER NOT NULL REFERENCES run (number),
    energy_j REAL,
    raw_j REAL,
    emissions_g REAL,
    cpu_s REAL NOT NULL,
    wall_s REAL NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (subject, run)
) WITHOUT ROWID;
"""
