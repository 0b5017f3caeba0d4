"""Meters that need more than a reading at the edges, in the two sides of a comparison."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.power_board import install_power_board

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.compare.conftest import Project

    Compare = Callable[..., subprocess.CompletedProcess[str]]

NAPPING = """
import time
from nap import NAP

def test_it(): time.sleep(NAP)
"""


def test_a_meter_that_knows_only_power_is_polled_in_both_sides(
    project: Project, compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_power_board(tmp_path / "board", monkeypatch)
    project.write({"nap.py": "NAP = 0.02\n", "test_it.py": NAPPING})
    project.commit()
    project.write({"nap.py": "NAP = 0.06\n"})
    done = compare("main")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a board of 30 W" in done.stdout
    assert re.search(r"test_it\.py::test_it .*regressed", done.stdout)
    assert "started anew, not forked" not in done.stdout
