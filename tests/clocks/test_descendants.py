from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.clocks.refusal import Refusal

if sys.platform != "linux":
    pytest.skip("the children of a process are listed by Linux", allow_module_level=True)

from pytest_carbon.clocks.descendants import ProcTree, has_children, open_descendants  # type: ignore[unreachable, unused-ignore]
from pytest_carbon.clocks.tree import NOWHERE, ROOT, Key, Member

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# Above the largest process number that Linux gives: these processes cannot exist here.
SHELL, WORKER = 4_194_305, 4_194_306
TICK_NS = 10_000_000


def add_process(
    root: Path, pid: int | str, children: list[int], times: str = "0 0 0 0", start: int = 1
) -> None:
    thread = root / str(pid) / "task" / "1"
    thread.mkdir(parents=True)
    (thread / "children").write_text(" ".join(map(str, children)))
    fields = f"S 1 1 1 0 -1 0 0 0 0 0 {times} 20 0 1 0 {start} 0 0"
    (root / str(pid) / "stat").write_text(f"{pid} (a ) b) {fields}")


def test_a_process_whose_name_holds_brackets_is_understood(
    tmp_path: Path, child: Callable[[str], object]
) -> None:
    child("sys.stdin.read()")
    add_process(tmp_path, "self", [SHELL])
    add_process(tmp_path, SHELL, [WORKER], times="1 2 3 4", start=55)
    add_process(tmp_path, WORKER, [], times="5 6 0 0", start=66)
    snapshot = ProcTree(tmp_path).snapshot({})
    assert snapshot.members == {
        Key(SHELL, 55): Member(ROOT, 3 * TICK_NS, 7 * TICK_NS),
        Key(WORKER, 66): Member(Key(SHELL, 55), 11 * TICK_NS, 0),
    }


def test_a_known_process_outside_the_tree_is_followed_with_its_children(tmp_path: Path) -> None:
    known = {Key(SHELL, 55): Member(ROOT, 0, 0)}
    add_process(tmp_path, SHELL, [WORKER], start=55)
    add_process(tmp_path, WORKER, [], start=66)
    snapshot = ProcTree(tmp_path).snapshot(known)
    assert {key: member.parent for key, member in snapshot.members.items()} == {
        Key(SHELL, 55): NOWHERE,
        Key(WORKER, 66): Key(SHELL, 55),
    }


def test_another_process_with_a_known_number_is_not_followed(tmp_path: Path) -> None:
    add_process(tmp_path, SHELL, [], start=77)
    known = {Key(SHELL, 55): Member(ROOT, 0, 0)}
    assert ProcTree(tmp_path).snapshot(known).members == {}


def test_a_process_that_ended_while_it_was_looked_at_is_left_out(
    tmp_path: Path, child: Callable[[str], object]
) -> None:
    child("sys.stdin.read()")
    add_process(tmp_path, "self", [SHELL])
    assert ProcTree(tmp_path).snapshot({}).members == {}


def test_asking_for_children_reaps_none(child: Callable[[str], object]) -> None:
    one = child("pass")
    pid = one.process.pid  # type: ignore[attr-defined, unused-ignore]
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert has_children()
    assert os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def test_a_system_that_lists_no_children_is_refused(tmp_path: Path) -> None:
    refused = open_descendants(tmp_path)
    assert isinstance(refused, Refusal)
    assert "children" in refused.reason
