"""Several profiles of the same test."""

from __future__ import annotations

from pytest_carbon.explain.profile import OUTSIDE, Call, Function, Profile, least_disturbed

FUNCTIONS = (Function("a.py", 1, "f"), Function("a.py", 5, "g"))


def run(f_s: float, g_s: float, times: int = 3) -> Profile:
    calls = (Call(OUTSIDE, 0, 1, f_s, f_s + g_s), Call(0, 1, times, g_s, g_s))
    return Profile(FUNCTIONS, calls)


def test_each_call_has_the_least_time_that_it_took() -> None:
    assert least_disturbed([run(1.0, 9.0), run(5.0, 2.0)]).calls == (
        Call(OUTSIDE, 0, 1, 1.0, 7.0),
        Call(0, 1, 3, 2.0, 2.0),
    )


def test_runs_that_made_other_calls_are_not_mixed() -> None:
    quick = run(1.0, 3.0, times=4)
    assert least_disturbed([run(1.0, 9.0), quick]) == quick
