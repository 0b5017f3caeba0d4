"""What a test writes to a disk: counted, stored, and held against a second look."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.session.measure.disk_use import DiskUse

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts what Linux counts")

SUITE = """
    import os, tempfile

    def test_writes():
        with tempfile.TemporaryFile(dir=".") as file:
            for _ in range(400):
                file.write(os.urandom(1 << 16))

    def test_computes():
        sum(i * i for i in range(300_000))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder on a file system that lies on a disk."""
    before = DiskUse.now()
    (tmp_path / "file").write_bytes(b"x" * (1 << 16))
    if not DiskUse.now().since(before).blocks_written:
        pytest.skip("the temporary folder lies in memory")
    return tmp_path


def test_what_is_written_is_counted_in_blocks(disk: Path) -> None:
    before = DiskUse.now()
    (disk / "more").write_bytes(b"x" * (1 << 20))
    used = DiskUse.now().since(before)
    assert used.blocks_written == pytest.approx((1 << 20) / 512, rel=0.1)


def test_too_little_time_says_nothing_of_the_kernels_share() -> None:
    assert DiskUse(kernel_s=0.004, cpu_s=0.008, blocks_written=8).kernel_share is None
    assert DiskUse(kernel_s=0.04, cpu_s=0.1, blocks_written=0).kernel_share is None
    assert DiskUse(kernel_s=0.04, cpu_s=0.1, blocks_written=8).kernel_share == pytest.approx(0.4)


@pytest.mark.usefixtures("disk")
def test_a_refresh_stores_what_a_test_writes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_files=SUITE)
    pytester.runpytest_subprocess("--carbon", "--carbon-update=all")
    (file,) = (pytester.path / "baselines").glob("*.json")
    stored = json.loads(file.read_text())["test"]
    writes = stored["test_files.py::test_writes"]
    assert writes["blocks_written"] == pytest.approx(400 * (1 << 16) / 512, rel=0.1)
    assert 0 < writes["disk_share"] <= 1
    assert "blocks_written" not in stored["test_files.py::test_computes"]


@pytest.mark.slow
@pytest.mark.usefixtures("disk")
def test_writing_twice_as_much_fails(pytester: pytest.Pytester) -> None:
    """Without what is counted, a disk's bad hour would explain as much."""
    pytester.makepyfile(test_files=SUITE)
    for _ in range(2):
        pytester.runpytest_subprocess("--carbon", "--carbon-update=all")
    pytester.makepyfile(test_files=SUITE.replace("range(400)", "range(800)"))
    run = pytester.runpytest_subprocess("--carbon")
    run.assert_outcomes(passed=1, failed=1)
    run.stdout.fnmatch_lines(["*regressed: test_files.py::test_writes*"])
