"""A meter of a third party that knows only power, installed beside a suite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

__all__ = ["WATTS", "install_power_board"]

WATTS = 30.0

MODULE = f"""
import time
from pytest_carbon.meters.api import Channel, CounterMeter, PowerSum

def open_board(request):
    power = PowerSum(lambda: {WATTS}, time.monotonic_ns)
    return CounterMeter(
        "board",
        [Channel("board", "gpu")],
        lambda: [power.read_uj()],
        description="a board of {WATTS:g} W",
        interval_s=0.005,
        poll_s=0.005,
    )
"""


def install_power_board(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install it for all runs that a test starts."""
    info = folder / "carbon_board-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carbon-board\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[pytest_carbon.meters]\nboard = carbon_board:open_board\n"
    )
    (folder / "carbon_board.py").write_text(MODULE)
    old = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", str(folder) + (os.pathsep + old if old else ""))
