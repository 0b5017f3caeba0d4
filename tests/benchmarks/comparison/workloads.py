# ruff: noqa: ANN001, ANN201, ANN202, ANN204
"""Twenty tests of 3 to 60 ms, of many kinds; ``trials.py`` copies them into a suite."""

import hashlib
import json
import random
import re
import sqlite3
import zlib

import pytest

WORDS = [f"word{number * 7919 % 1000}" for number in range(4000)]
TEXT = " ".join(WORDS)


@pytest.mark.parametrize("size", [150, 600, 2000])
def test_json(size):
    record = {"a": [1, 2, 3, {"b": "c" * 20}] * 20}
    for _ in range(size):
        json.loads(json.dumps(record))


@pytest.mark.parametrize("size", [10, 40])
def test_regular_expression(size):
    pattern = re.compile(r"(\w+?)(\d+) (\w+)")
    for _ in range(size):
        assert pattern.findall(TEXT)


@pytest.mark.parametrize("size", [20, 150])
def test_sort(size):
    rng = random.Random(1)
    for _ in range(size):
        numbers = [rng.random() for _ in range(1000)]
        numbers.sort()


@pytest.mark.parametrize("size", [30_000, 300_000])
def test_dictionary(size):
    found = {}
    for number in range(size):
        found[number % 997] = str(number)
    assert len(found) == 997


@pytest.mark.parametrize("size", [1, 6])
def test_compress(size):
    for _ in range(size):
        assert zlib.decompress(zlib.compress(TEXT.encode() * 4))


@pytest.mark.parametrize("size", [3, 15])
def test_hash(size):
    for _ in range(size):
        hashlib.sha256(TEXT.encode() * 40).hexdigest()


@pytest.mark.parametrize("size", [500, 6000])
def test_database(size):
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table t (a integer, b text)")
        rows = ((number, str(number)) for number in range(size))
        connection.executemany("insert into t values (?, ?)", rows)
        assert connection.execute("select count(*) from t where a % 3 = 0").fetchone()[0]


@pytest.mark.parametrize("size", [15, 23])
def test_recursion(size):
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(size) > 0


@pytest.mark.parametrize("size", [20_000, 200_000])
def test_objects(size):
    class Node:
        def __init__(self, value, following):
            self.value = value
            self.following = following

    node = None
    for number in range(size // 4):
        node = Node(number, node)
    while node:
        node = node.following


def test_strings():
    for _ in range(60):
        assert "".join(word.upper() for word in TEXT.split())
