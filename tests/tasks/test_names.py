"""Names of tasks, and the ids under which they are stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.errors import TaskError
from pytest_carbon.tasks.names import SEPARATOR, check_name, owner_of, path_below, subject_id

NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)


def test_a_path_names_every_task_around() -> None:
    assert path_below(path_below("", "train"), "epoch") == "train > epoch"


def test_a_task_right_inside_its_namesake_has_its_path() -> None:
    assert path_below("dig", "dig") == "dig"
    assert path_below("a > dig", "dig") == "a > dig"
    assert path_below("bdig", "dig") == "bdig > dig"


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_usable_names_never_share_a_path_with_others(names: list[str]) -> None:
    path = ""
    for name in names:
        path = path_below(path, check_name(name))
    different = [n for n, before in zip(names, ["", *names], strict=False) if n != before]
    assert path.split(SEPARATOR) == different


def test_the_owner_is_the_longest_known_test() -> None:
    task = subject_id("t.py::test[a > b]", "train")
    assert owner_of(task, frozenset({"t.py::test[a > b]"})) == "t.py::test[a > b]"
    assert owner_of("t.py::test > train > epoch", frozenset()) == "t.py::test"


@pytest.mark.parametrize("name", [None, 5, "", "\x00", "a\u202eb"])
def test_what_is_no_name(name: object) -> None:
    with pytest.raises(TaskError):
        check_name(name)
