"""A comparison names the function, from end to end on real git repositories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.compare.conftest import Compare, Project

SHOP = '''
from functools import lru_cache


def helper(n):
    return sum(i * i % 7 for i in range(n))


def price(count=20):
    total = 0
    for _ in range(count):
        total += helper(1000)
    return total


def cart():
    """A cart of ten."""
    return [price() for _ in range(10)]
'''

TESTS = """
import pytest
import shop

@pytest.mark.parametrize("number", range(2))
def test_cart(number):
    assert shop.cart()

def test_other():
    assert sum(i * i % 7 for i in range(100_000))
"""


def explanations(stdout: str) -> dict[str, Any]:
    return {
        test["test"].rpartition("::")[2]: test["explanation"]
        for test in json.loads(stdout)["tests"]
        if "explanation" in test
    }


@pytest.mark.slow
def test_the_function_that_was_changed_is_named(project: Project, compare: Compare) -> None:
    project.write({"src/shop.py": SHOP, "tests/test_shop.py": TESTS})
    project.commit()
    project.write({"src/shop.py": SHOP.replace("count=20", "count=40")})

    done = compare("HEAD", "--json", "-")

    assert done.returncode == 1, done.stderr
    found = explanations(done.stdout)
    assert set(found) == {"test_cart[0]", "test_cart[1]"}
    for explanation in found.values():
        first = explanation["culprits"][0]
        assert (first["file"], first["name"]) == ("src/shop.py", "price")
        assert first["line"] == SHOP.splitlines().index("def price(count=20):") + 1
        assert first["is_changed"]
        assert first["detail"] == "calls helper 200 → 400 times"
        assert first["energy_j"] > 0.7 * explanation["rise_j"]


@pytest.mark.slow
def test_tests_with_one_culprit_are_one_finding(project: Project, compare: Compare) -> None:
    cached = SHOP.replace("def helper", "@lru_cache\ndef helper")
    project.write({"shop.py": cached, "tests/test_shop.py": TESTS.replace("sum(", "sum(0 or ")})
    project.commit()
    project.write({"shop.py": SHOP})

    done = compare("HEAD", "--markdown", "-", "--", "tests", "-k", "cart")

    assert done.returncode == 1, done.stderr
    [line] = [line for line in done.stdout.splitlines() if "culprit: `" in line]
    assert "culprit: `shop.py:5 helper  +" in line
    assert " in 2 tests (changed; called " in line


MANY_CARTS = """
import pytest
import shop

@pytest.mark.parametrize("number", range(24))
def test_cart(number):
    assert shop.price(1000) > 0
"""

LOOP = """
def helper():
    total = 0
    for number in range(100):
        total += number
    return total


def price(count):
    return sum(map(lambda _: helper(), range(count)))
"""


@pytest.mark.slow
def test_many_tests_with_one_culprit_are_not_measured_one_by_one(
    project: Project, compare: Compare
) -> None:
    project.write({"shop.py": LOOP, "test_shop.py": MANY_CARTS})
    project.commit()
    project.write({"shop.py": LOOP.replace("range(100)", "range(300)")})

    done = compare("HEAD", "--json", "-")

    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    found = explanations(done.stdout)
    assert set(found) == {f"test_cart[{number}]" for number in range(24)}
    assert {each["culprits"][0]["name"] for each in found.values()} == {"helper"}
    # The first few, and some that noise keeps from being explained.
    assert report["suspects"] < 12


def test_a_comparison_without_a_regression_names_nobody(project: Project, compare: Compare) -> None:
    project.write({"shop.py": SHOP, "tests/test_shop.py": TESTS})
    project.commit()
    project.write({"shop.py": SHOP + "\n# nothing of importance\n"})

    done = compare("HEAD", "--", "tests", "-k", "cart")

    assert done.returncode == 0, done.stdout
    assert "culprit" not in done.stdout


MANY = """
import pytest
import steps

@pytest.mark.parametrize("number", range(50))
def test_step(number):
    assert steps.step(number)
"""

STEPS = """
def step(number):
    return sum(i * i % 7 for i in range(14_000 + number))
"""


def test_what_no_test_shows_by_itself_is_seen_in_their_sum(
    project: Project, compare: Compare
) -> None:
    """Each test burns about 2 mJ, of which a millijoule more is always allowed."""
    project.write({"steps.py": STEPS, "test_steps.py": MANY})
    project.commit()
    project.write({"steps.py": STEPS.replace("14_000", "17_000")})

    done = compare("HEAD", "--json", "-")

    found = json.loads(done.stdout)
    assert done.returncode == found["exit_status"] == 1, done.stderr
    outcomes = {test["verdict"]["outcome"] for test in found["tests"]}
    assert outcomes <= {"ok", "too small to gate", "inconclusive"}
    [whole] = found["sums"]
    assert (whole["name"], whole["verdict"]["outcome"]) == ("", "regressed")
    assert 1.1 < whole["verdict"]["ratio"] < 1.4
    assert whole["explanation"]["culprits"][0]["name"] == "step"
