"""What a container may use of its host's hardware threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.meters.own_threads import own_threads

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(128)), raising=False)


def threads(folder: Path, groups: str = "0::/\n") -> float:
    (folder / "cgroup").write_text(groups)
    return own_threads(128, groups=folder / "cgroup", cgroup=folder)


def test_a_machine_without_limits_is_all_ours(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert threads(tmp_path) == 128
    assert own_threads(128, groups=tmp_path / "none", cgroup=tmp_path / "none") == 128


def test_a_container_has_what_its_quota_allows(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    assert threads(tmp_path) == 2.5


def test_the_least_limit_of_all_groups_above_counts(tmp_path: Path) -> None:
    inner = tmp_path / "pods" / "one"
    inner.mkdir(parents=True)
    (inner / "cpu.max").write_text("max 100000\n")
    (tmp_path / "pods" / "cpu.max").write_text("400000 100000\n")
    assert threads(tmp_path, "0::/pods/one\n") == 4


def test_the_first_version_of_control_groups_is_understood(tmp_path: Path) -> None:
    folder = tmp_path / "cpu,cpuacct" / "docker"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("150000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    groups = "5:memory:/docker\n4:cpu,cpuacct:/docker\n"
    assert threads(tmp_path, groups) == 1.5
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    assert threads(tmp_path, groups) == 128


def test_an_affinity_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 4}, raising=False)
    assert threads(tmp_path) == 2


@pytest.mark.parametrize("text", ["", "many", "1 2 3", "0 0", "x y"])
def test_a_limit_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert threads(tmp_path) == 128


def test_a_sandbox_that_forbids_to_ask_sets_no_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(_: int) -> set[int]:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_getaffinity", forbid, raising=False)
    assert own_threads(6, groups=tmp_path / "none", cgroup=tmp_path) == 6
