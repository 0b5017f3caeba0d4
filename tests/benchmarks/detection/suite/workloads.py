"""Real work in small rounds, each of 0.05 to 0.25 ms on a core of 2023."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading

RANDOM = random.Random(1)
RECORDS = [{"id": i, "name": f"n{i}", "v": [RANDOM.random() for _ in range(3)]} for i in range(40)]
MAILS = " ".join(f"user{i}@host{i}.com foo, 12-{i % 30}-2020" for i in range(60))
FLOATS = [RANDOM.random() for _ in range(2_500)]
BLOCK = b"x" * (1 << 18)
LINES = "\n".join(f"{i};{i * i};{i % 7}" for i in range(400))


def json_round() -> None:
    """Encode and decode."""
    json.loads(json.dumps(RECORDS))


def regex_round() -> None:
    """Find and replace."""
    re.findall(r"(\w+)@(\w+)\.com", MAILS)
    re.sub(r"\d+", lambda match: str(int(match[0]) + 1), MAILS)


def dict_round() -> None:
    """Count words."""
    counts: dict[str, int] = {}
    for i in range(1_000):
        key = f"k{i % 500}"
        counts[key] = counts.get(key, 0) + i


def sort_round() -> None:
    """Sort floats, in C."""
    sorted(FLOATS)


def parse_round() -> None:
    """Split lines and add up fields."""
    sum(int(line.split(";")[1]) for line in LINES.splitlines())


def allocation_round() -> None:
    """Make and drop many small objects."""
    [{"a": i, "b": [i]} for i in range(1_200)]


def numpy_round() -> None:
    """Products and sums of small matrices."""
    import numpy as np

    matrix = np.arange(4_096, dtype=np.float64).reshape(64, 64)
    for _ in range(6):
        matrix = np.tanh(matrix @ matrix.T / 1e5)


def sqlite_round() -> None:
    """Insert, index and select."""
    with sqlite3.connect(":memory:") as database:
        database.execute("create table t(a integer primary key, b text)")
        database.executemany("insert into t(b) values (?)", ((str(i),) for i in range(120)))
        database.execute("select count(*), max(b) from t where a % 7 = 3").fetchone()


def file_round() -> None:
    """Write and read a file."""
    with tempfile.TemporaryFile("w+") as file:
        file.write(LINES)
        file.seek(0)
        file.read().count(";")


def hash_round() -> None:
    """Hash a block, without the interpreter's lock."""
    hashlib.sha256(BLOCK).digest()


def rounds_of(kind: str, count: int) -> None:
    """Do ``count`` rounds of one kind in this process."""
    work = ROUNDS[kind]
    for _ in range(count):
        work()


def in_threads(count: int) -> None:
    """Hash in two threads: hardly follows the speed of the core."""
    threads = [threading.Thread(target=rounds_of, args=("hash", count // 2)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_a_child(count: int) -> None:
    """Do JSON in a child, while this process waits."""
    code = (
        "import json; data = [[i, str(i)] for i in range(300)]\n"
        f"for _ in range({count}): json.loads(json.dumps(data))"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def in_a_pool(count: int) -> None:
    """Share out work to two forked processes."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.starmap(rounds_of, [("dict", count // 4)] * 4)


ROUNDS = {
    "json": json_round,
    "regex": regex_round,
    "dict": dict_round,
    "sort": sort_round,
    "parse": parse_round,
    "allocation": allocation_round,
    "numpy": numpy_round,
    "sqlite": sqlite_round,
    "file": file_round,
    "hash": hash_round,
}

SPREAD = {"threads": in_threads, "child": in_a_child, "pool": in_a_pool}


def do(kind: str, count: int) -> None:
    """Do ``count`` rounds of work of one kind."""
    if kind in SPREAD:
        SPREAD[kind](count)
    else:
        rounds_of(kind, count)
