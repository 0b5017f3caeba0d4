"""What is done after the last test finds the process as it was before the first."""

from __future__ import annotations

import os
import signal
import sys
import tempfile

import pytest

from pytest_carbon.session.surroundings import Surroundings


def test_where_modules_and_files_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    json, folder = sys.modules["json"], tempfile.gettempdir()
    surroundings = Surroundings()
    monkeypatch.setattr(sys, "path", sys.path)
    before = list(sys.path)
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setitem(sys.modules, "json", None)
    monkeypatch.setitem(sys.modules, "not_to_be_found", None)
    monkeypatch.delitem(sys.modules, "pytest_carbon.system")
    try:
        sys.path[:] = []
        with surroundings.restored():
            assert sys.path == before
            assert tempfile.gettempdir() == folder
            assert sys.modules["json"] is json
            assert "pytest_carbon.system" in sys.modules
            assert "not_to_be_found" not in sys.modules
        assert sys.path == []
    finally:
        sys.path[:] = before
    assert tempfile.tempdir == "/nowhere"
    modules: dict[str, object] = dict(sys.modules)
    assert modules["json"] is modules["not_to_be_found"] is None
    assert "pytest_carbon.system" not in sys.modules


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_modes_of_new_files_and_ends_of_children() -> None:
    surroundings = Surroundings()
    umask, handler = os.umask(0o777), signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with surroundings.restored():
            assert signal.getsignal(signal.SIGCHLD) == handler
            now = os.umask(0)
            assert now == umask
            os.umask(now)
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
        assert os.umask(umask) == 0o777
    finally:
        os.umask(umask)
        signal.signal(signal.SIGCHLD, handler)
