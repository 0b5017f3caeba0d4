from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.scratch import note_process, remove_stale, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_there_while_it_is_used(temporary: Path) -> None:
    with scratch_folder("look") as folder:
        assert folder.parent == temporary
        remove_stale()
        assert folder.is_dir()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_dead_process_is_removed(temporary: Path) -> None:
    dies = (
        "import os, tempfile; from pytest_carbon.scratch import scratch_folder\n"
        f"tempfile.tempdir = {str(temporary)!r}\n"
        "with scratch_folder('look') as folder: (folder / 'file').touch(); os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", dies], check=True)
    [folder] = temporary.iterdir()
    remove_stale()
    assert not folder.exists()


def test_what_is_not_ours_stays(temporary: Path) -> None:
    (temporary / "pytest-carbon-scratch-file").touch()
    (temporary / "pytest-of-me").mkdir()
    new = temporary / "pytest-carbon-scratch-new"
    new.mkdir()
    remove_stale()
    assert len(list(temporary.iterdir())) == 3


@pytest.mark.skipif(os.name != "posix", reason="groups of processes")
def test_another_process_with_the_number_is_left_alone(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        folder = temporary / "pytest-carbon-scratch-old"
        folder.mkdir()
        (folder / ".alive").touch()
        note_process(folder, other.pid)
        remove_stale()
        assert not folder.exists()
        assert other.poll() is None
        other.communicate(b"\n")
    assert other.returncode == 0
