"""What a look has said when it ends, and how much of it counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.looks.answer import Transcript, UnitAnswer, read_answers
from pytest_carbon.looks.order import LookOrder, Unit
from tests.looks.conftest import begins

if TYPE_CHECKING:
    from collections.abc import Callable

    Ran = Callable[..., dict[str, Any]]

ONE, TWO = "t.py::test_one", "t.py::test_two"


def order(*units: Unit) -> LookOrder:
    return LookOrder(asks=(), units=units, reference_ns=None, probe="off")


def heard(asked: LookOrder, *lines: dict[str, Any]) -> Transcript:
    transcript = Transcript(asked)
    for line in lines:
        transcript.take(json.dumps(line).encode())
    return transcript


def energies(answer: UnitAnswer | None) -> list[float | None]:
    """The joules of a unit's runs, the first one first."""
    assert answer is not None
    assert answer.first is not None
    return [sample.cost.energy_j for sample in (answer.first, *answer.repeats)]


def test_a_unit_has_its_first_run_and_the_ones_after_it(ran: Ran) -> None:
    said = heard(
        order(Unit(tests=(ONE,), repeats=2)),
        begins(ONE),
        ran(ONE, 1.3),
        begins(ONE, number=1),
        ran(ONE, 1.0),
        begins(ONE, number=2),
        ran(ONE, 1.1),
    )
    assert energies(said.answer(0)) == [1.3, 1.0, 1.1]
    assert said.unfinished == ()


def test_there_is_no_answer_before_the_last_run(ran: Ran) -> None:
    said = heard(order(Unit(tests=(ONE,), repeats=1)), begins(ONE), ran(ONE))
    assert said.answer(0) is None
    assert said.running == ""
    assert len(said.unfinished) == 1


def test_a_unit_that_is_cleared_ends_early(ran: Ran) -> None:
    said = heard(order(Unit(tests=(ONE,), repeats=4)), begins(ONE), ran(ONE), {"enough": 0})
    answer = said.answer(0)
    assert energies(answer) == [1.0]
    assert answer is not None
    assert answer.is_enough


def test_short_tests_of_a_file_are_added_up_pass_by_pass(ran: Ran) -> None:
    said = heard(
        order(Unit(tests=(ONE, TWO), repeats=1)),
        *(begins(ONE), ran(ONE, 1.0), begins(TWO), ran(TWO, 0.5)),
        *(begins(ONE, number=1), ran(ONE, 0.9), begins(TWO, number=1), ran(TWO, 0.4)),
    )
    answer = said.answer(0)
    assert energies(answer) == pytest.approx([1.5, 1.3])
    assert answer is not None
    assert answer.first is not None
    assert answer.first.blocks_written == 16
    assert (answer.first.kernel_s, answer.first.cpu_s) == pytest.approx((0.02, 0.2))


def test_a_pass_that_is_not_whole_does_not_count(ran: Ran) -> None:
    said = heard(
        order(Unit(tests=(ONE, TWO), repeats=1)),
        *(begins(ONE), ran(ONE), begins(TWO), ran(TWO)),
        *(begins(ONE, number=1), ran(ONE), begins(TWO, number=1)),
        {"run": TWO, "unit": 0, "problem": "it failed"},
    )
    answer = said.answer(0)
    assert energies(answer) == [2.0]
    assert answer is not None
    assert answer.problem == "it failed"


def test_a_test_that_fails_at_once_says_why(ran: Ran) -> None:
    said = heard(
        order(Unit(tests=(ONE,), repeats=1), Unit(tests=(TWO,), repeats=0)),
        begins(ONE),
        {"run": ONE, "unit": 0, "problem": "it failed (assert 0)"},
        begins(TWO, unit=1),
        ran(TWO, unit=1),
    )
    assert said.answer(0) == UnitAnswer(problem="it failed (assert 0)")
    assert energies(said.answer(1)) == [1.0]


def test_a_process_that_ends_before_its_time_blames_the_test_that_ran(ran: Ran) -> None:
    first, second, third = (Unit(tests=(name,), repeats=0) for name in (ONE, TWO, "t.py::three"))
    said = heard(order(first, second, third), begins(ONE), ran(ONE), begins(TWO, unit=1))
    said.ended("it was ended by signal 11")
    assert energies(said.answer(0)) == [1.0], "what was known is kept"
    assert said.answer(1) == UnitAnswer(problem="it was ended by signal 11")
    assert said.unfinished == (third,), "another process goes on with it"
    assert said.failure == ""


def test_a_process_that_ends_between_tests_fails_as_a_whole(ran: Ran) -> None:
    said = heard(order(Unit(tests=(ONE,), repeats=1)), begins(ONE), ran(ONE))
    said.ended("pytest ended with exit status 2")
    assert said.failure == "pytest ended with exit status 2"
    assert said.ready


def test_a_reason_that_the_look_gave_itself_is_kept() -> None:
    said = heard(order(Unit(tests=(ONE,), repeats=1)), {"failure": "no meter can be opened"})
    said.ended("pytest ended with exit status 4")
    assert said.failure == "no meter can be opened"


def test_tasks_are_told_in_the_order_in_which_they_were_asked_for(ran: Ran) -> None:
    line = ran(ONE)
    line["sample"]["tasks"] = [ran(ONE, 0.25)["sample"]["cost"], None]
    said = heard(order(Unit(tests=(ONE,), repeats=0)), begins(ONE), line)
    answer = said.answer(0)
    assert answer is not None
    assert answer.first is not None
    known, missing = answer.first.tasks
    assert known is not None
    assert known.energy_j == 0.25
    assert missing is None


def test_what_several_processes_said_is_one_answer(ran: Ran) -> None:
    one, two = Unit(tests=(ONE,), repeats=0), Unit(tests=(TWO,), repeats=0)
    both, rest = order(one, two), order(two)
    crashed = heard(both, begins(ONE), ran(ONE))
    crashed.ended("it was ended by signal 9")
    found = read_answers([(both, crashed), (rest, heard(rest, begins(TWO), ran(TWO, 2.0)))])
    assert energies(found[one]) == [1.0]
    assert energies(found[two]) == [2.0]


def test_a_damaged_line_ends_an_answer_and_takes_nothing_back(ran: Ran) -> None:
    """A disk without room has left half of it, or a test has written into the file."""
    first, second = Unit(tests=(ONE,), repeats=0), Unit(tests=(TWO,), repeats=0)
    whole = [begins(ONE), ran(ONE), begins(TWO, unit=1)]
    for line in (
        b'{"run": "t.py::test_two", "un',
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'{"begin": 7}',
        json.dumps(begins(TWO, unit=9)).encode(),
        json.dumps(ran(TWO, unit=9)).encode(),
        json.dumps({**ran(TWO, unit=1), "sample": {"cost": {"cpu_s": "long"}}}).encode(),
        json.dumps(ran(TWO, 1e300, unit=1)).encode(),
    ):
        said = heard(order(first, second), *whole)
        said.take(line)
        assert said.failure == "what it has written down is damaged"
        assert energies(said.answer(0)) == [1.0]
        assert said.unfinished == (second,)
        said.ended("it was ended by signal 9")
        assert said.answer(1) == UnitAnswer(problem="it was ended by signal 9")


def test_a_process_that_ends_before_the_first_pass_has_begun_is_to_blame() -> None:
    """The line is not of the first pass, as the one before it was lost."""
    said = heard(order(Unit(tests=(ONE,), repeats=2)), begins(ONE, number=1))
    said.ended("it was ended by signal 9")
    assert said.answer(0) == UnitAnswer(problem="it was ended by signal 9")
