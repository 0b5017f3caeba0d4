"""Where the work runs, read from a ``/proc`` that the tests write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.speed.target import STOPPED, Target, parse_stat, start_ticks


def stat(state: str = "R", core: int = 0, *, name: str = "python", started: int = 77) -> str:
    """The line of a task: field 3 is its state, 22 its start, 39 its core."""
    fields = ["0"] * 52
    fields[0], fields[1], fields[2], fields[21], fields[38] = (
        "100",
        f"({name})",
        state,
        str(started),
        str(core),
    )
    return " ".join(fields)


class Proc:
    """A small ``/proc``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def task(self, pid: int, tid: int, state: str, core: int, children: str = "") -> None:
        folder = self.root / str(pid) / "task" / str(tid)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stat").write_text(stat(state, core))
        (folder / "children").write_text(children)

    def target(self) -> Target:
        return Target(str(self.root), 100, 100)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=15))
def test_a_command_may_be_called_anything(name: str) -> None:
    assert parse_stat(stat("S", 3, name=name).encode()) == ("S", 3, 77)


@given(st.binary(max_size=200))
def test_other_text_is_refused_or_has_all_its_parts(text: bytes) -> None:
    try:
        state, core, started = parse_stat(text)
    except ValueError:
        return
    assert isinstance(state, str)
    assert isinstance(core + started, int)


@pytest.mark.parametrize("text", [b"", b"100 (python) R 1 2 3", b"no parenthesis at all"])
def test_a_short_stat_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"stat|subsection|substring"):
        parse_stat(text)


def test_this_process_has_a_start() -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs Linux's /proc")
    assert start_ticks("/proc", os.getpid()) > 0


def test_a_running_test_is_found_on_its_core(proc: Proc) -> None:
    proc.task(100, 100, "R", 5)
    assert proc.target().cpu() == 5


def test_the_test_is_followed_when_it_moves(proc: Proc) -> None:
    proc.task(100, 100, "R", 5)
    target = proc.target()
    target.cpu()
    proc.task(100, 100, "R", 2)
    assert target.cpu() == 2


def test_where_all_sleeps_there_is_no_core(proc: Proc) -> None:
    proc.task(100, 100, "S", 5)
    assert proc.target().cpu() is None


def test_a_busy_thread_is_followed_while_the_main_thread_waits(proc: Proc) -> None:
    proc.task(100, 100, "S", 5)
    proc.task(100, 101, "R", 3)
    assert proc.target().cpu() == 3


def test_a_busy_grandchild_is_followed_while_the_test_waits(proc: Proc) -> None:
    proc.task(100, 100, "S", 5, children="200 ")
    proc.task(200, 200, "S", 5, children="300 ")
    proc.task(300, 300, "R", 7)
    assert proc.target().cpu() == 7


def test_busy_children_take_turns(proc: Proc) -> None:
    proc.task(100, 100, "S", 5, children="200 300 ")
    proc.task(200, 200, "R", 1)
    proc.task(300, 300, "R", 2)
    target = proc.target()
    assert {target.cpu(), target.cpu()} == {1, 2}


def test_a_child_that_has_just_ended_is_passed_over(proc: Proc) -> None:
    proc.task(100, 100, "S", 5, children="200 300 ")
    proc.task(300, 300, "R", 2)
    assert proc.target().cpu() == 2


def test_a_kernel_without_lists_of_children_still_shows_threads(proc: Proc) -> None:
    proc.task(100, 100, "S", 5)
    proc.task(100, 101, "R", 3)
    for children in proc.root.glob("*/task/*/children"):
        children.unlink()
    assert proc.target().cpu() == 3


def test_a_stopped_process_is_said_to_be_stopped(proc: Proc) -> None:
    proc.task(100, 100, "T", 5)
    assert proc.target().cpu() == STOPPED


def test_a_killed_process_is_gone_even_before_it_is_reaped(proc: Proc) -> None:
    proc.task(100, 100, "Z", 5)
    with pytest.raises(ProcessLookupError):
        proc.target().cpu()


def test_a_process_that_does_not_exist_cannot_be_followed(proc: Proc) -> None:
    with pytest.raises(FileNotFoundError):
        proc.target()
