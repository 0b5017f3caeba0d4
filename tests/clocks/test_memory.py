from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_carbon.clocks.memory import ResidentMemory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform != "linux", reason="statm is Linux's")
def test_memory_is_asked_again_after_ten_milliseconds(tmp_path: Path) -> None:
    page = os.sysconf("SC_PAGE_SIZE")  # type: ignore[attr-defined, unused-ignore]
    now_ns = 0
    statm = tmp_path / "statm"
    statm.write_text("9 2 0 0 0 0 0\n")
    memory = ResidentMemory(statm, clock_ns=lambda: now_ns)
    statm.write_text("9 5 0 0 0 0 0\n")
    now_ns = 9_999_999
    assert memory.read_bytes() == 2 * page
    now_ns = 10_000_000
    assert memory.read_bytes() == 5 * page
    memory.close()
    memory.close()


def test_without_the_file_psutil_answers(tmp_path: Path) -> None:
    memory = ResidentMemory(tmp_path / "statm")
    known = memory.read_bytes()
    assert known is not None
    assert known > 1_000_000


def test_this_process_uses_memory() -> None:
    memory = ResidentMemory()
    known = memory.read_bytes()
    assert known is not None
    assert 1_000_000 < known < 1 << 40
    memory.close()


def test_a_system_that_tells_nothing_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise psutil.NoSuchProcess(1)

    monkeypatch.setattr(psutil, "Process", unknown)
    memory = ResidentMemory(tmp_path / "statm")
    assert not memory.is_known
    assert memory.read_bytes() is None
    memory.close()
