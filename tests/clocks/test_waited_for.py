from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.clocks.waited_for import WaitedForClock
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable


def test_it_counts_what_this_process_and_its_ended_children_use(
    child: Callable[[str], object], burn: Callable[[float], None]
) -> None:
    clock = WaitedForClock()
    burn(0.1)
    assert clock.read_ns() / 1e9 >= 0.1
    if sys.platform == "win32":
        return
    one = child("burn(0.2); print(time.process_time(), flush=True); sys.stdin.read()")  # type: ignore[unreachable, unused-ignore]
    used_s = one.says()  # type: ignore[attr-defined, unused-ignore]
    before_s = clock.read_ns() / 1e9
    one.leave()  # type: ignore[attr-defined, unused-ignore]
    assert clock.read_ns() / 1e9 - before_s >= used_s * 0.9, "seen when it has ended"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_a_forked_process_goes_on_from_its_parents_count(monkeypatch: pytest.MonkeyPatch) -> None:
    spent_ns = 1_000
    clock = WaitedForClock(spent_ns=lambda: spent_ns)
    spent_ns = 1_500
    assert clock.read_ns() == 500
    monkeypatch.setattr(System, "getpid", lambda: -1)
    spent_ns = 20  # a forked process's own time begins at nothing
    assert clock.read_ns() == 520
