"""Which functions a change touches, read off the two texts."""

from __future__ import annotations

from pytest_carbon.explain.source import changed_functions, read_module, renamed_functions

BEFORE = '''
import math
from functools import lru_cache

RATE = 3

class Shop:
    """A shop."""
    limit = 10

    @property
    def total(self):
        return sum(self.prices)

    def price(self, count=1):
        """What it costs."""
        return count * self.limit

def outer(n):
    def inner():
        return n
    return [inner() for _ in range(n)]

def rate():
    return RATE
'''


def changed(old: str, new: str) -> set[str]:
    assert old in BEFORE
    return set(changed_functions(read_module(BEFORE), read_module(BEFORE.replace(old, new))))


def test_a_function_is_changed_when_it_says_something_else() -> None:
    assert changed("count * self.limit", "self.limit * count") == {"Shop.price"}


def test_defaults_and_decorators_belong_to_the_function() -> None:
    assert changed("count=1", "count=2") == {"Shop.price"}
    assert changed("    @property\n", "") == {"Shop.total"}


def test_layout_comments_docstrings_and_annotations_change_nothing() -> None:
    assert changed("return n\n", "return n  # as it is\n") == set()
    assert changed('"""What it costs."""', '"""Its price."""') == set()
    assert changed("def rate():", "def rate() -> int:") == set()
    assert changed("import math\n", "import math\n\n\n") == set()


def test_an_inner_function_is_changed_by_itself() -> None:
    assert changed("        return n\n", "        return n + 0\n") == {"outer.inner"}


def test_a_name_that_is_bound_to_something_else_touches_what_uses_it() -> None:
    assert changed("RATE = 3", "RATE = 4") == {"rate"}
    assert changed("limit = 10", "limit = 11") == {"Shop.price"}


def test_new_and_removed_functions_are_changed() -> None:
    assert changed("def rate", "def other(): pass\n\ndef rate") == {"other"}
    assert changed("def rate():", "def price():") == {"rate", "price"}


def test_lines_lead_to_the_innermost_function() -> None:
    module = read_module(BEFORE)
    place = BEFORE.splitlines().index("    @property") + 1
    found = module.at(place)
    assert found is not None
    assert (found.name, found.line) == ("Shop.total", place + 1)
    inner = module.at(BEFORE.splitlines().index("        return n") + 1)
    assert inner is not None
    assert inner.name == "outer.inner"
    assert module.at(1) is None


def test_a_moved_function_is_recognized_by_what_it_says() -> None:
    base = {"a.py": read_module("def old(n):\n    return n * 7\n"), "b.py": read_module("")}
    head = {"a.py": read_module(""), "b.py": read_module("def new(n):\n    return n * 7\n")}
    assert renamed_functions(base, head) == {("b.py", "new"): ("a.py", "old")}


def test_functions_that_say_the_same_are_not_told_apart() -> None:
    twice = "def one(n):\n    return n\n\ndef two(n):\n    return n\n"
    base = {"a.py": read_module(twice)}
    head = {"b.py": read_module(twice), "a.py": read_module("")}
    assert renamed_functions(base, head) == {}


def test_a_file_that_is_no_python_defines_nothing() -> None:
    for text in ("def (", b"\xff\xfe\x00", "(" * 100_000):
        assert read_module(text).functions == {}
