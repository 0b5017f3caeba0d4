"""Functions that measure are what they were when the plugin was loaded."""

from __future__ import annotations

import os
import subprocess
import time
from typing import NoReturn

import pytest

from pytest_carbon.system import System, originals


def fail(*_: object) -> NoReturn:
    raise AssertionError("replaced")


def test_functions_that_are_replaced_are_reached_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getpid", fail)
    monkeypatch.setattr(time, "monotonic", fail)
    assert System.getpid() > 0
    assert System.monotonic() > 0


@pytest.mark.cold_start
def test_modules_are_whole_for_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    popen: object = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", fail)
    monkeypatch.setattr(time, "sleep", fail)
    with originals():
        assert subprocess.Popen is popen
        time.sleep(0)
    left: list[object] = [subprocess.Popen, time.sleep]
    assert left == [fail, fail]


def test_what_was_removed_is_back_and_goes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getppid")
    with originals():
        assert os.getppid() > 0
    assert not hasattr(os, "getppid")
