from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.errors import BaselineError
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.updates.preview import preview_prune
from pytest_carbon.updates.prune import Rename, Suggestion, plan_prune

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity


def entry(body: str | None = None) -> Entry:
    return Entry(first=Spread(centre_j=1.0), cpu_s=0.25, wall_s=0.25, body=body)


def case(name: str) -> Subject:
    return Subject(Kind.TEST, name)


def test_only_a_full_and_clean_collection_may_prune() -> None:
    with pytest.raises(BaselineError, match="collect the whole suite"):
        plan_prune({case("a.py::gone"): entry()}, set(), full_and_clean=False)


def test_what_no_longer_exists_is_removed_and_nothing_else(
    environment: Environment, intensity: Intensity
) -> None:
    stored = {
        case("a.py::gone"): entry(),
        case("a.py::here"): entry(),
        Subject(Kind.FIXTURE, "conftest.py::db"): entry(),
        Subject(Kind.COLLECTION, "collection"): entry(),
        Subject(Kind.TASK, "a.py::here > load"): entry(),
    }
    plan = plan_prune(stored, {"a.py::here", "a.py::new"}, full_and_clean=True)
    assert plan.removals == (case("a.py::gone"),)
    file = BaselineFile(environment=environment, intensity=intensity, entries=stored)
    assert plan.apply(file).entries.keys() == stored.keys() - {case("a.py::gone")}


@pytest.mark.parametrize(
    ("gone", "arrived", "renames"),
    [
        (["a.py::f"], ["b.py::f"], {"a.py::f": "b.py::f"}),
        (["a.py::f"], ["a.py::g"], {"a.py::f": "a.py::g"}),
        (["a.py::f"], ["a.py::C::f"], {"a.py::f": "a.py::C::f"}),
        (
            ["a.py::f[1]", "a.py::f[2]"],
            ["a.py::g[1]", "a.py::g[2]"],
            {"a.py::f[1]": "a.py::g[1]", "a.py::f[2]": "a.py::g[2]"},
        ),
        (
            ["a.py::f", "a.py::g"],
            ["b.py::g", "b.py::f"],
            {"a.py::f": "b.py::f", "a.py::g": "b.py::g"},
        ),
        (
            ["a.py::f", "a.py::g"],
            ["b.py::f", "a.py::h"],
            {"a.py::f": "b.py::f", "a.py::g": "a.py::h"},
        ),
    ],
)
def test_a_baseline_follows_a_test_that_was_renamed_or_moved(
    gone: list[str], arrived: list[str], renames: dict[str, str]
) -> None:
    plan = plan_prune(
        {case(name): entry("body") for name in gone},
        set(arrived),
        full_and_clean=True,
        code_digests=dict.fromkeys(arrived, "body"),
    )
    assert {rename.old.id: rename.new.id for rename in plan.renames} == renames
    assert plan.removals == ()


@pytest.mark.parametrize(
    ("gone", "arrived"),
    [
        (["a.py::f"], ["a.py::g", "a.py::h"]),
        (["a.py::f", "a.py::g"], ["a.py::h"]),
        (["a.py::f[1]"], ["a.py::f[10000]"]),
    ],
)
def test_where_several_could_be_meant_it_is_only_suggested(
    gone: list[str], arrived: list[str]
) -> None:
    plan = plan_prune(
        {case(name): entry("body") for name in gone},
        set(arrived),
        full_and_clean=True,
        code_digests=dict.fromkeys(arrived, "body"),
    )
    assert plan.renames == ()
    candidates = tuple(case(name) for name in arrived)
    assert plan.suggestions == tuple(
        Suggestion(old=case(name), candidates=candidates) for name in gone
    )
    assert plan.removals == tuple(case(name) for name in gone)


def test_another_body_or_none_or_an_own_baseline_is_no_rename() -> None:
    stored = {
        case("a.py::changed"): entry("one"),
        case("a.py::unknown"): entry(),
        case("a.py::f"): entry("two"),
        case("a.py::known"): entry("two"),
    }
    code_digests = {"b.py::changed": "other", "b.py::unknown": "one more", "a.py::known": "two"}
    plan = plan_prune(stored, code_digests.keys(), full_and_clean=True, code_digests=code_digests)
    assert plan.renames == ()
    assert plan.suggestions == ()
    assert len(plan.removals) == 3


def test_a_rename_moves_the_entry_and_never_covers_another(
    environment: Environment, intensity: Intensity
) -> None:
    plan = plan_prune(
        {case("a.py::f"): entry("x")},
        ["b.py::f"],
        full_and_clean=True,
        code_digests={"b.py::f": "x"},
    )
    before = BaselineFile(
        environment=environment, intensity=intensity, entries={case("a.py::f"): entry("x")}
    )
    assert plan.apply(before).entries == {case("b.py::f"): entry("x")}
    meanwhile = before.with_entries({**before.entries, case("b.py::f"): entry("newer")})
    assert plan.apply(meanwhile).entries == {case("b.py::f"): entry("newer")}


def test_fixtures_go_where_the_caller_knows_them_and_tasks_with_their_tests() -> None:
    tasks = [Subject(Kind.TASK, f"a.py::{name} > load") for name in ("here", "gone", "moved")]
    stored = {
        **{case(f"a.py::{name}"): entry(name) for name in ("here", "gone", "moved")},
        **dict.fromkeys(tasks, entry()),
        Subject(Kind.FIXTURE, "conftest.py::db"): entry(),
        Subject(Kind.FIXTURE, "conftest.py::old"): entry(),
    }
    plan = plan_prune(
        stored,
        ["a.py::here", "b.py::moved"],
        full_and_clean=True,
        code_digests={"b.py::moved": "moved"},
        fixtures=["conftest.py::db"],
    )
    assert set(plan.removals) == {
        case("a.py::gone"),
        tasks[1],
        Subject(Kind.FIXTURE, "conftest.py::old"),
    }
    assert Rename(old=tasks[2], new=Subject(Kind.TASK, "b.py::moved > load")) in plan.renames


def test_what_a_skipped_file_or_folder_holds_is_left_alone() -> None:
    skipped = ("tests/test_gpu.py", "tests/big")
    kept = [
        case("tests/test_gpu.py::test_a"),
        case("tests/big/test_b.py::test_b"),
        Subject(Kind.TASK, "tests/test_gpu.py::test_a > train"),
    ]
    gone = case("tests/test_gpu.pyx::test_c")
    plan = plan_prune(
        dict.fromkeys([*kept, gone], entry()), ["a.py::f"], full_and_clean=True, skipped=skipped
    )
    assert plan.removals == (gone,)


def sum_of(name: str) -> Subject:
    return Subject(Kind.FILE, name)


def test_the_sum_of_a_file_stays_while_a_test_of_it_is_there_or_the_file_was_skipped() -> None:
    kept = [sum_of(name) for name in ("a.py", "b.py", "gpu.py", "big/c.py")]
    gone = sum_of("a.p")
    plan = plan_prune(
        dict.fromkeys([*kept, gone], entry()),
        ["a.py::f", "b.py::C::f[x]", "a.pyx::f"],
        full_and_clean=True,
        skipped=("gpu.py", "big"),
    )
    assert (plan.removals, plan.renames) == ((gone,), ())


@pytest.mark.parametrize(
    ("moves", "sums"),
    [
        ({"a.py::f": "b.py::f"}, {"a.py": "b.py"}),
        ({"a.py::f": "b.py::f", "a.py::g": "b.py::C::h"}, {"a.py": "b.py"}),
        ({"a.py::f": "b.py::f", "a.py::gone": None}, {"a.py": "b.py"}),
        ({"a.py::f": "b.py::f", "a.py::g": "c.py::g"}, {"a.py": None}),
        ({"a.py::f": "c.py::f", "b.py::g": "c.py::g"}, {"a.py": None, "b.py": None}),
        ({"a.py::f": None}, {"a.py": None}),
        ({"a.py::f": "b.py::f", "a.py::g": "a.py::g"}, {}),
        ({"a.py::f": "a.py::h"}, {}),
    ],
    ids=[
        "moved",
        "all moved",
        "the rest gone",
        "parted",
        "joined",
        "gone",
        "one moved",
        "renamed within",
    ],
)
def test_the_sum_of_a_file_that_is_gone_goes_where_all_its_tests_went(
    moves: dict[str, str | None], sums: dict[str, str | None]
) -> None:
    files = {name.partition("::")[0] for name in moves}
    plan = plan_prune(
        {
            **{case(name): entry(name) for name in moves},
            **{sum_of(name): entry() for name in files},
        },
        {name for name in moves.values() if name is not None},
        full_and_clean=True,
        code_digests={new: old for old, new in moves.items() if new is not None},
    )
    renames = {
        rename.old.id: rename.new.id for rename in plan.renames if rename.old in map(sum_of, files)
    }
    removals = {subject.id: None for subject in plan.removals if subject.kind is Kind.FILE}
    assert {**renames, **removals} == sums


def test_the_preview_says_what_moves_what_goes_and_what_to_look_at() -> None:
    stored = {case("a.py::gone"): entry("x"), case("a.py::f"): entry("y")}
    code_digests = {"a.py::one": "x", "a.py::two": "x", "b.py::f": "y"}
    plan = plan_prune(stored, code_digests.keys(), full_and_clean=True, code_digests=code_digests)
    assert list(preview_prune(plan)) == [
        "renamed  a.py::f → b.py::f",
        "removed  a.py::gone",
        "         the same code is now in a.py::one, a.py::two: rename its entry by hand?",
    ]
    nothing = plan_prune({}, [], full_and_clean=True)
    assert list(preview_prune(nothing)) == ["nothing to prune"]
