"""From two profiles to a name: each test changes one function of a small project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.explain.culprit import Explanation, explain
from pytest_carbon.explain.profile import OUTSIDE, Call, Function, Profile
from pytest_carbon.explain.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = """\
def test_cart():
    cart()

def cart():
    for _ in range(10):
        price()

def price(n=2):
    helper(n)

def helper(n):
    return sorted(range(n))

def other():
    pass
"""
LINES = {name: at for at, text in enumerate(SOURCE.splitlines(), 1) for name in [text[4:-3]]}


def function(name: str, source: str = SOURCE) -> Function:
    if name in {"sorted", "re.sub"}:
        return Function("", 0, name)
    line = next(
        at for at, text in enumerate(source.splitlines(), 1) if text.startswith(f"def {name}(")
    )
    return Function("shop.py", line, name)


def profile(calls: Mapping[tuple[str, str], tuple[int, float]], source: str = SOURCE) -> Profile:
    """A profile from callers, callees, counts, and the callee's own seconds, without circles."""
    names = list(dict.fromkeys(name for pair in calls for name in pair if name))

    def total_s(caller: str, callee: str) -> float:
        """In proportion, where a function has several callers."""
        times = sum(n for (_, g), (n, _) in calls.items() if g == callee)
        share = calls[caller, callee][0] / times
        inside = sum(total_s(f, g) for f, g in calls if f == callee)
        return calls[caller, callee][1] + share * inside

    return Profile(
        tuple(function(name, source) for name in names),
        tuple(
            Call(
                names.index(caller) if caller else OUTSIDE,
                names.index(callee),
                times,
                self_s,
                total_s(caller, callee),
            )
            for (caller, callee), (times, self_s) in calls.items()
        ),
    )


BASE: dict[tuple[str, str], tuple[int, float]] = {
    ("", "test_cart"): (1, 0.001),
    ("test_cart", "cart"): (1, 0.001),
    ("cart", "price"): (10, 0.010),
    ("price", "helper"): (10, 0.008),
    ("helper", "sorted"): (10, 0.020),
}


def explained(
    head: Mapping[tuple[str, str], tuple[int, float]], new: str = SOURCE, old: str = SOURCE
) -> Explanation:
    before, after = profile(BASE, old), profile({**BASE, **head}, new)
    energies_j = [sum(call.self_s for call in p.calls) for p in (before, after)]
    texts: dict[str, str] = {"base": old, "head": new}

    def read(side: str) -> Any:
        return lambda file: texts[side].encode() if file == "shop.py" else None

    return explain(
        (before, after), (energies_j[0], energies_j[1]), Versions(read("base"), read("head"))
    )


def name(explanation: Explanation) -> str:
    assert explanation.main is not None, explanation
    return explanation.main.name


def test_a_function_that_costs_more_by_itself_is_the_culprit() -> None:
    found = explained({("cart", "price"): (10, 0.050)}, SOURCE.replace("helper(n)\n\n", "1\n\n"))
    assert name(found) == "price"
    assert found.rise_j == pytest.approx(0.040)
    assert found.lines() == ["culprit  shop.py:8 price  +40.0 mJ of +40.0 mJ (changed)"]


def test_who_calls_more_often_is_the_culprit_not_who_is_called() -> None:
    head = {("price", "helper"): (30, 0.024), ("helper", "sorted"): (30, 0.060)}
    found = explained(head, SOURCE.replace("    helper(n)\n", "    helper(n) or helper(n)\n"))
    assert name(found) == "price"
    assert "calls helper 10 → 30 times" in found.lines()[0]


def test_library_code_is_charged_to_the_function_that_called_it() -> None:
    found = explained(
        {("helper", "sorted"): (10, 0.080)}, SOURCE.replace("sorted(", "sorted(0 or ")
    )
    assert name(found) == "helper"
    assert "in sorted" in found.lines()[0]


def test_an_unchanged_function_that_is_given_more_points_to_who_gives_it() -> None:
    found = explained({("helper", "sorted"): (10, 0.080)}, SOURCE.replace("n=2", "n=8"))
    assert name(found) == "price"
    assert "spent in helper, in sorted" in found.lines()[0]


def test_a_function_that_lost_its_cache_is_the_culprit_not_its_caller() -> None:
    head = {
        ("cart", "price"): (10, 0.010),
        ("price", "helper"): (40, 0.032),
        ("helper", "sorted"): (40, 0.080),
    }
    cached = SOURCE.replace("def helper", "@cache\ndef helper")
    found = explained(head, SOURCE, cached)
    assert name(found) == "helper"
    assert "called 10 → 40 times" in found.lines()[0]


def test_without_a_change_in_the_project_the_costlier_function_is_named() -> None:
    """As where only a dependency is another one."""
    found = explained({("helper", "sorted"): (10, 0.080)})
    assert name(found) == "helper"
    assert "changed" not in found.lines()[0]


def test_a_renamed_function_is_the_same_function() -> None:
    new = SOURCE.replace("def helper", "def assistant").replace("    helper(n)", "    assistant(n)")
    before = profile(BASE)
    after = profile(
        {
            ("", "test_cart"): (1, 0.001),
            ("test_cart", "cart"): (1, 0.001),
            ("cart", "price"): (10, 0.050),
            ("price", "assistant"): (10, 0.008),
            ("assistant", "sorted"): (10, 0.020),
        },
        new,
    )
    texts = {"base": SOURCE.encode(), "head": new.encode()}
    found = explain(
        (before, after),
        (0.040, 0.080),
        Versions(lambda _: texts["base"], lambda _: texts["head"]),
    )
    assert [culprit.name for culprit in found.culprits] == ["price"]


def test_a_rise_in_many_functions_has_no_single_culprit() -> None:
    names = [f"f{at}" for at in range(8)]
    source = "def test_cart():\n    pass\n" + "".join(f"def {n}():\n    1\n" for n in names)
    before = {("", "test_cart"): (1, 0.001)} | {("test_cart", n): (1, 0.01) for n in names}
    after = {("", "test_cart"): (1, 0.001)} | {("test_cart", n): (1, 0.02) for n in names}
    new = source.replace("    1\n", "    2\n")
    found = explain(
        (profile(before, source), profile(after, new)),
        (0.081, 0.161),
        Versions(lambda _: source.encode(), lambda _: new.encode()),
    )
    assert found.main is None
    assert found.lines()[0].startswith("no single function: the rise of 80.0 mJ is spread over")


def test_what_a_profile_cannot_show_is_said() -> None:
    nothing = Profile((), (), "another tool holds Python's profiling hook")
    found = explain((nothing, nothing), (1.0, 2.0), Versions(lambda _: None, lambda _: None))
    assert found.lines() == ["culprit  unknown: another tool holds Python's profiling hook"]


def test_recursion_ends() -> None:
    source = "def f(n):\n    return n and f(n - 1)\n"
    new = source.replace("n - 1", "n - 0.5")

    def recursive(times: int) -> Profile:
        calls = (Call(OUTSIDE, 0, 1, 0.001, times / 1000), Call(0, 0, times - 1, times / 1000, 0.0))
        return Profile((Function("a.py", 1, "f"),), calls)

    found = explain(
        (recursive(10), recursive(20)),
        (0.011, 0.021),
        Versions(lambda _: source.encode(), lambda _: new.encode()),
    )
    assert found.lines() == [
        "culprit  a.py:1 f  +10.0 mJ of +10.0 mJ (changed; called 10 → 20 times)"
    ]


def test_comprehensions_belong_to_the_function_around_them() -> None:
    source = "def f(n):\n    return sum(\n        i for i in range(n)\n    )\n"
    new = source.replace("range(n)", "range(4 * n)")

    def one(times: int, self_s: float) -> Profile:
        functions = (Function("a.py", 1, "f"), Function("a.py", 3, "f.<genexpr>"))
        calls = (Call(OUTSIDE, 0, 1, 0.001, 0.001 + self_s), Call(0, 1, times, self_s, self_s))
        return Profile(functions, calls)

    found = explain(
        (one(100, 0.01), one(400, 0.04)),
        (0.011, 0.041),
        Versions(lambda _: source.encode(), lambda _: new.encode()),
    )
    assert found.lines() == ["culprit  a.py:1 f  +30.0 mJ of +30.0 mJ (changed)"]
