from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.clocks.choose import CLOCKS, open_clock
from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.errors import SettingError

if TYPE_CHECKING:
    from pytest_carbon.clocks.clock import CpuClock


class StoppedClock:
    description = "a clock for tests"

    def __init__(self, name: str) -> None:
        self.name = name

    def read_ns(self) -> int:
        return 0

    def close(self) -> None:
        pass


def works(name: str) -> CpuClock:
    return StoppedClock(name)


NOT_PERMITTED = Refusal(clock="best", reason="not permitted", remedy="ask the administrator")


def test_the_first_clock_that_works_is_taken_and_the_others_say_why_not() -> None:
    clock, refusals = open_clock(
        clocks={"best": lambda: NOT_PERMITTED, "good": lambda: works("good"), "poor": pytest.fail}
    )
    assert clock.name == "good"
    assert refusals == (NOT_PERMITTED,)


def test_this_machine_has_a_clock() -> None:
    clock, _ = open_clock()
    assert clock.read_ns() <= clock.read_ns()
    clock.close()


def test_a_clock_can_be_asked_for_by_name() -> None:
    clock, refusals = open_clock(["psutil"])
    assert clock.name == "psutil"
    assert refusals == ()
    clock.close()


def test_an_unknown_name_lists_the_clocks() -> None:
    with pytest.raises(SettingError) as caught:
        open_clock(["sundial"])
    assert "sundial" in caught.value.problem
    assert all(name in caught.value.remedy for name in CLOCKS)


def test_a_clock_asked_for_that_does_not_work_is_an_error_with_its_remedy() -> None:
    with pytest.raises(SettingError) as caught:
        open_clock(["best"], clocks={"best": lambda: NOT_PERMITTED, "good": lambda: works("g")})
    assert "not permitted" in caught.value.problem
    assert "ask the administrator" in caught.value.remedy
