"""Profiles of real code: which function called which, and how often."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.explain.profile import OUTSIDE, Profile
from pytest_carbon.explain.profiler import profile_run
from pytest_carbon.resultfile.codec import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Callable


def path_of(file: str) -> str | None:
    return "tests/here.py" if file == __file__ else None


def profiled(
    run: Callable[[], object], *, waits: bool = False, has_threads: bool = False
) -> Profile:
    profile = profile_run(run, path_of, waits=waits, has_threads=has_threads)
    assert profile is not None
    assert not profile.trouble
    return profile


def calls(profile: Profile) -> dict[tuple[str, str], int]:
    names = [function.name.rpartition(".")[2] for function in profile.functions]
    return {
        ("" if call.caller == OUTSIDE else names[call.caller], names[call.callee]): call.times
        for call in profile.calls
    }


def leaf(n: int) -> int:
    return len(str(n))


def branch(n: int) -> int:
    return sum(leaf(at) for at in range(n))


def tree() -> int:
    return branch(3) + branch(4)


@pytest.mark.parametrize("has_threads", [False, True])
def test_every_call_is_counted_by_who_made_it(has_threads: bool) -> None:
    found = calls(profiled(tree, has_threads=has_threads))
    assert found["tree", "branch"] == 2
    assert found["<genexpr>", "leaf"] == 7
    assert found["leaf", "len"] == 7


def test_functions_of_the_project_have_a_place_and_others_a_name() -> None:
    functions = {f.name: f for f in profiled(lambda: leaf(1)).functions}
    assert functions["leaf"].file == "tests/here.py"
    assert functions["leaf"].line == leaf.__code__.co_firstlineno
    assert functions["len"].file == ""


def _in_threads() -> None:
    threads = [threading.Thread(target=tree) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_are_profiled_each_by_itself() -> None:
    profile = profile_run(_in_threads, path_of, waits=True)
    if profile is None:
        # From Python 3.12 on only the slower way can.
        assert sys.version_info >= (3, 12)
        profile = profiled(_in_threads, has_threads=True)
    found = calls(profile)
    assert found["tree", "branch"] == 6
    assert found["<genexpr>", "leaf"] == 21


def test_waiting_costs_nothing_in_cpu_time() -> None:
    profile = profiled(lambda: time.sleep(0.02), waits=True)
    assert sum(call.self_s for call in profile.calls) < 0.02


def _start() -> None:
    code = "sum(i * i for i in range(300_000))"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def test_a_child_process_is_charged_to_the_function_that_started_it() -> None:
    profile = profiled(_start, waits=True)
    at = [function.name for function in profile.functions]
    [child] = [call for call in profile.calls if "child process" in at[call.callee]]
    assert at[child.caller] == "_start"
    assert at[child.callee].endswith(" -S -c")
    assert child.self_s > 0


def test_nothing_is_left_behind_when_the_test_raises() -> None:
    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        profile_run(fails, path_of, waits=False)
    assert sys.getprofile() is None
    assert calls(profiled(tree))["tree", "branch"] == 2


def test_another_profiler_is_left_alone() -> None:
    sys.setprofile(lambda *_: None)
    try:
        profile = profile_run(tree, path_of, waits=False)
    finally:
        sys.setprofile(None)
    assert profile is not None
    assert profile.trouble == "another tool holds Python's profiling hook"


def test_a_profile_travels_as_plain_json_types() -> None:
    profile = profiled(tree)
    assert from_plain(Profile, to_plain(profile)) == profile
