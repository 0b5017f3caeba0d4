from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_carbon


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its writers")
def test_sixteen_writers_of_which_some_are_killed_lose_nothing_and_block_nobody(
    tmp_path: Path,
) -> None:
    rounds = 50
    done = subprocess.run(
        [
            sys.executable,
            Path(__file__).with_name("concurrent_writers.py"),
            tmp_path / "baselines",
            tmp_path / "locks",
            str(rounds),
            "1",
        ],
        env={**os.environ, "PYTHONPATH": str(Path(pytest_carbon.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted["killed"] > rounds
    assert counted["left"] == []
    assert max(counted["finished"]) == rounds
