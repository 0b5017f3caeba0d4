from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.updates.plan import Action, Mode, Rules, merge_update, plan_update
from pytest_carbon.updates.preview import preview_update

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity

ALL = Rules(mode=Mode.ALL)


def entry(centre_j: float, processes: int = 8, **others: object) -> Entry:
    sd_log = 0.05 if processes > 1 else None
    first = Spread(centre_j=centre_j, sd_log=sd_log, samples=processes, processes=processes)
    return Entry(first=first, cpu_s=centre_j, wall_s=centre_j, anchor_j=centre_j)._replace(
        **others,  # type: ignore[arg-type]
    )


def case(name: str) -> Subject:
    return Subject(Kind.TEST, f"test_a.py::{name}")


@pytest.mark.parametrize(
    ("mode", "stored"),
    [
        (Mode.NEW, {"new", "old fell", "old rose", "old same"}),
        (Mode.CHANGED, {"new", "fell", "old rose", "old same"}),
        (Mode.TIGHTEN, {"fell", "old rose", "old same"}),
        (Mode.ALL, {"new", "fell", "rose", "old same"}),
    ],
)
def test_each_mode_stores_what_it_says(mode: Mode, stored: set[str]) -> None:
    old = {"fell": entry(1.0), "rose": entry(1.0), "same": entry(1.0)}
    measured = {
        "new": entry(1.0),
        "fell": entry(0.5),
        "rose": entry(1.15, 200),
        "same": entry(1.02),
    }
    if mode is not Mode.NEW:
        old["rose"] = entry(1.0, 200)
    found = set()
    for name, new in measured.items():
        result = merge_update(old.get(name), new, Rules(mode=mode))
        if result is not None:
            found.add(f"old {name}" if result == old.get(name) else name)
    assert found == stored


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.sampled_from([Mode.CHANGED, Mode.TIGHTEN]))
def test_no_rise_beyond_noise_is_stored_without_all(old_j: float, new_j: float, mode: Mode) -> None:
    result = merge_update(entry(old_j), entry(new_j), Rules(mode=mode))
    assert result is not None
    assert result.first.centre_j <= old_j


@given(st.floats(0.96, 1.04), st.sampled_from(Mode))
def test_a_value_inside_its_noise_is_left_as_it_is(factor: float, mode: Mode) -> None:
    assert merge_update(entry(1.0), entry(factor), Rules(mode=mode)) == entry(1.0)


def test_a_rise_that_the_gate_has_found_is_stored_whatever_the_spread() -> None:
    old, new = entry(1.0, 1), entry(1.3, 1)
    assert merge_update(old, new, ALL) == old
    result = merge_update(old, new, ALL, decided=True)
    assert result is not None
    assert result.first.centre_j == 1.3


def test_what_is_better_known_replaces_what_was_hardly_known() -> None:
    rough, known = entry(1.0, 1), entry(1.05, 8)
    result = merge_update(rough, known, Rules(mode=Mode.CHANGED))
    assert result == known._replace(anchor_j=1.0)
    assert merge_update(known, rough, ALL) == known
    assert merge_update(known, entry(1.05, 15), ALL) == known
    assert merge_update(rough, known, Rules(mode=Mode.TIGHTEN)) == rough


def look(processes: int, centre_j: float = 0.9) -> Spread:
    return Spread(centre_j=centre_j, sd_log=0.1, samples=3 * processes, processes=processes)


def test_a_look_is_not_lost_to_a_run_without_one() -> None:
    old = entry(1.0, 1, look=look(1))
    assert merge_update(old, entry(1.01, 8), ALL) == old
    assert merge_update(old, entry(3.0, 8), ALL) == entry(3.0, 8, look=look(1))


@pytest.mark.parametrize(
    ("before", "after", "is_stored"),
    [(None, look(1), True), (look(2), look(4), True), (look(2), look(3), False)],
)
def test_a_look_that_was_not_known_or_has_twice_the_processes_is_stored(
    before: Spread | None, after: Spread, is_stored: bool
) -> None:
    old, new = entry(1.0, look=before), entry(1.01, look=after, anchor_j=1.0)
    assert merge_update(old, new, ALL) == (new if is_stored else old)
    assert merge_update(old, new, Rules(mode=Mode.TIGHTEN)) == old


def test_a_short_run_keeps_what_it_does_not_know() -> None:
    old = entry(1.0, 8, sensitivity=0.7, body="abc")
    result = merge_update(old, entry(3.0, 1), ALL)
    assert result is not None
    assert result.first == Spread(centre_j=3.0, sd_log=0.05, samples=1, processes=1)
    assert (result.sensitivity, result.body) == (0.7, "abc")


def test_the_digest_of_the_code_follows_the_code_but_not_in_mode_new() -> None:
    old, new = entry(1.0, body="old"), entry(1.0, body="new")
    assert merge_update(old, new, ALL) == old._replace(body="new")
    assert merge_update(old, entry(1.0), ALL) == old
    assert merge_update(old, new, Rules(mode=Mode.NEW)) == old
    risen = entry(9.0, body="new")
    assert merge_update(old, risen, Rules(mode=Mode.CHANGED)) == old


def test_an_accepted_regression_moves_the_anchor() -> None:
    result = merge_update(entry(1.0), entry(1.5), ALL)
    assert result is not None
    assert result.anchor_j == 1.5


def test_the_anchor_follows_every_fall() -> None:
    result = merge_update(entry(1.0), entry(0.5), Rules(mode=Mode.TIGHTEN))
    assert result is not None
    assert result.anchor_j == 0.5


def test_twenty_small_accepted_rises_stay_in_sight_of_the_anchor() -> None:
    stored = entry(1.0, 500)
    for step in range(1, 21):
        result = merge_update(stored, entry(1.02**step, 500), ALL)
        assert result is not None
        stored = result
    assert stored.first.centre_j > 1.4
    assert stored.anchor_j == 1.0
    caught = merge_update(stored, entry(1.02**21, 500), ALL, decided=True)
    assert caught is not None
    assert caught.anchor_j == caught.first.centre_j


def test_an_entry_without_an_anchor_is_its_own() -> None:
    added = merge_update(None, entry(1.0, anchor_j=None), ALL)
    assert added is not None
    assert added.anchor_j == 1.0
    risen = merge_update(entry(1.0, 500, anchor_j=None), entry(1.1, 500), ALL)
    assert risen is not None
    assert risen.anchor_j == 1.0


def test_a_plan_stores_only_what_passed_and_deletes_nothing(
    environment: Environment, intensity: Intensity
) -> None:
    stored = {case("unselected"): entry(1.0), case("failed"): entry(1.0)}
    measured = {case("failed"): entry(9.0), case("passed"): entry(2.0)}
    plan = plan_update(stored, measured, ALL, passed={case("passed")})
    file = BaselineFile(environment=environment, intensity=intensity, entries=stored)
    assert plan.apply(file).entries == {**stored, case("passed"): entry(2.0)}
    assert [step.subject for step in plan.writes] == [case("passed")]
    assert [step.subject for step in plan.with_action(Action.NOT_PASSED)] == [case("failed")]


ENTRIES = st.builds(
    entry,
    st.floats(1e-3, 1e3),
    st.integers(1, 20),
    look=st.none() | st.builds(look, st.integers(1, 20)),
    is_short=st.booleans(),
    body=st.none() | st.sampled_from(["one", "two"]),
)


@given(
    st.dictionaries(st.sampled_from("abcdef"), ENTRIES),
    st.dictionaries(st.sampled_from("abcdef"), ENTRIES),
    st.sets(st.sampled_from("abcdef")),
    st.sampled_from(Mode),
)
def test_no_update_ever_loses_an_entry_or_touches_one_that_did_not_pass(
    before: dict[str, Entry], now: dict[str, Entry], passed: set[str], mode: Mode
) -> None:
    stored = {case(name): entry for name, entry in before.items()}
    measured = {case(name): entry for name, entry in now.items()}
    plan = plan_update(stored, measured, Rules(mode=mode), passed={case(n) for n in passed})
    results = {step.subject: step.result for step in plan.steps}
    for subject, old in stored.items():
        result = results.get(subject, old)
        assert result is not None
        if subject not in {case(name) for name in passed}:
            assert result == old
    again = {**stored, **{s: r for s, r in results.items() if r is not None}}
    second = plan_update(again, measured, Rules(mode=mode), passed={case(n) for n in passed})
    assert second.writes == ()


SHORTS = {
    "new": (None, short_entry(1e-3)),
    "fell": (short_entry(1e-3), short_entry(2e-4)),
    "rose": (short_entry(1e-3), short_entry(5e-3)),
    "same": (short_entry(1e-3), short_entry(1.1e-3)),
    "look": (short_entry(1e-3), short_entry(1.1e-3, 1e-3)),
    "became short": (entry(1e-3, look=look(8)), short_entry(1e-3)),
    "became full": (short_entry(1e-3, 8e-4), entry(1.05e-3, anchor_j=None)),
}


@pytest.mark.parametrize(
    ("mode", "stored"),
    [
        (Mode.NEW, {"new"}),
        (Mode.TIGHTEN, {"fell"}),
        (Mode.CHANGED, {"new", "fell", "look", "became short", "became full"}),
        (Mode.ALL, {"new", "fell", "rose", "look", "became short", "became full"}),
    ],
)
def test_each_mode_stores_of_short_tests_what_it_says(mode: Mode, stored: set[str]) -> None:
    found = set()
    for name, (old, new) in SHORTS.items():
        result = merge_update(old, new, Rules(mode=mode))
        if result != old:
            assert result is not None
            assert result == new if new.is_short else new._replace(anchor_j=1e-3)
            found.add(name)
    assert found == stored


def test_a_line_is_as_the_file_keeps_it_and_has_no_anchor() -> None:
    measured = entry(1e-3, 10, is_short=True, look=look(8, 8e-4), body="abc")
    line = short_entry(1e-3, 8e-4, "abc")
    assert merge_update(None, measured, ALL) == line
    assert merge_update(entry(2.0, body="abc"), measured, ALL, decided=True) == line
    plan = plan_update(
        {case("t"): entry(1e-3)}, {case("t"): measured}, ALL, passed=[case("t")], crept=[case("t")]
    )
    assert plan.steps[0].result == line


def test_more_processes_are_no_reason_to_store_a_line_again() -> None:
    line = short_entry(1e-3, 8e-4)
    measured = entry(1.01e-3, 100, is_short=True, look=look(100, 8e-4))
    assert merge_update(line, measured, ALL) == line


def test_a_line_keeps_the_look_and_the_body_that_a_run_does_not_know() -> None:
    old = short_entry(1e-3, 8e-4, "abc")
    assert merge_update(old, short_entry(5e-3), ALL) == short_entry(5e-3, 8e-4, "abc")
    assert merge_update(old, short_entry(1e-3, body="new"), ALL) == old._replace(body="new")
    full = merge_update(old, entry(5e-3), ALL)
    assert full is not None
    assert (full.look, full.body) == (None, "abc")


def test_a_sum_of_a_file_is_refreshed_like_a_test() -> None:
    subject = Subject(Kind.FILE, "test_a.py")
    stored, measured = {subject: entry(1.0, anchor_j=0.9)}, {subject: entry(1.5)}
    plan = plan_update(stored, measured, Rules(mode=Mode.CHANGED), passed={subject})
    assert plan.with_action(Action.REFUSED)
    plan = plan_update(stored, measured, ALL, passed={subject})
    assert plan.steps[0].result == entry(1.5)


def test_the_preview_says_that_a_test_became_short_or_is_no_longer() -> None:
    stored = {case("cheap"): entry(1e-3), case("dear"): short_entry(1e-3)}
    measured = {case("cheap"): short_entry(1e-3), case("dear"): entry(1.01e-3)}
    plan = plan_update(stored, measured, ALL, passed=measured)
    assert list(preview_update(plan)) == [
        "refined     test_a.py::cheap  1.00 mJ → 1.00 mJ, +0.0 %: now a part of its file's sum",
        "refined     test_a.py::dear  1.00 mJ → 1.01 mJ, +1.0 %: now gated by itself",
    ]


def test_the_preview_shows_rises_first_and_how_far_they_are_from_the_anchor() -> None:
    stored = {
        case("rises"): entry(1.1, 500, anchor_j=1.0),
        case("falls"): entry(1.0),
        case("same"): entry(1.0),
        case("refined"): entry(1.0, 1),
        case("failed"): entry(1.0),
    }
    measured = {
        case("rises"): entry(1.2, 500),
        case("falls"): entry(0.002),
        case("same"): entry(1.01),
        case("refined"): entry(1.01),
        case("new\n[x]"): entry(0.5),
        case("failed"): entry(0.5),
    }
    passed = measured.keys() - {case("failed")}
    plan = plan_update(stored, measured, ALL, passed=passed)
    assert list(preview_update(plan)) == [
        "raised      test_a.py::rises  1.10 J → 1.20 J, +9.1 % (+20 % since its anchor)",
        "lowered     test_a.py::falls  1.00 J → 2.00 mJ, -100 %",
        "added       test_a.py::new\\n[x]  500 mJ",
        "refined     test_a.py::refined  1.00 J → 1.01 J, +1.0 %: better known, from 8 processes",
        "not passed  test_a.py::failed  its figure does not count",
        "1 kept: inside their noise",
    ]


def test_the_preview_says_how_a_refused_rise_is_accepted_and_when_nothing_is_stored() -> None:
    fixture = Subject(Kind.FIXTURE, "conftest.py::db")
    plan = plan_update(
        {fixture: entry(1.0)}, {fixture: entry(2.0)}, Rules(mode=Mode.CHANGED), passed={fixture}
    )
    *refused, last = preview_update(plan)
    assert len(refused) == 1
    assert refused[0] == (
        "refused     fixture conftest.py::db  1.00 J → 2.00 J, +100 %: a rise is stored only "
        "with --carbon-update=all"
    )
    assert last == "nothing to store"
    left = plan_update({}, {fixture: entry(2.0)}, Rules(mode=Mode.TIGHTEN), passed={fixture})
    assert list(preview_update(left)) == ["1 left alone: not for this mode", "nothing to store"]
