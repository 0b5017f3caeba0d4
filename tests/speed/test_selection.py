"""Which probe a run gets, and why not a better one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.speed.follow import FollowProbe
from pytest_carbon.speed.selection import StartingProbe, open_probe

# What helpers are to their processes is what is tested.
pytestmark = pytest.mark.cold_start

OPEN_FILES = Path("/proc/self/fd")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_auto_follows_where_it_can() -> None:
    probe, reasons = open_probe("auto")
    probe.close()
    assert isinstance(probe, FollowProbe)
    assert probe.name.startswith("follow-")
    assert reasons == ()


def test_edges_asks_for_no_helper() -> None:
    probe, reasons = open_probe("edges")
    assert probe.name.startswith("edges-")
    assert reasons == ()


def test_off_probes_nothing() -> None:
    probe, reasons = open_probe("off")
    assert probe.name == "off"
    assert reasons == ()


def test_another_mode_is_an_error_that_names_the_modes() -> None:
    with pytest.raises(SettingError, match="--carbon-speed=edges"):
        open_probe("fast")


@pytest.mark.parametrize("platform", ["darwin", "win32", "freebsd14"])
def test_other_systems_get_edges(platform: str) -> None:
    probe, (reason,) = StartingProbe("auto", platform=platform).finish()
    assert probe.name.startswith("edges-")
    assert platform in reason


def test_without_proc_there_are_edges(tmp_path: Path) -> None:
    probe, (reason,) = StartingProbe("auto", platform="linux", proc=tmp_path).finish()
    assert probe.name.startswith("edges-")
    assert "cannot be read" in reason


def test_a_proc_of_another_namespace_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("1")
    _, (reason,) = StartingProbe("auto", platform="linux", proc=tmp_path).finish()
    assert "another namespace" in reason


@pytest.mark.parametrize("executable", [None, ""])
def test_an_embedded_interpreter_gets_edges(executable: str | None) -> None:
    _, (reason,) = StartingProbe("auto", platform="linux", executable=executable).finish()
    assert "interpreter is not known" in reason


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize("executable", ["/nowhere/python", "/bin/true", "/bin/false"])
def test_an_interpreter_that_does_not_start_a_helper_gets_edges(executable: str) -> None:
    probe, (reason,) = StartingProbe("auto", executable=executable).finish()
    assert probe.name.startswith("edges-")
    assert "start" in reason


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize(
    ("word", "reason"), [("affinity", "affinity is refused"), ("odd", "said 'odd'")]
)
def test_a_helper_that_cannot_work_gives_its_reason(tmp_path: Path, word: str, reason: str) -> None:
    launcher = tmp_path / "launcher"
    launcher.write_text(f"#!/bin/sh\nprintf '%s {word} %s 27000' $$ $$\n")
    launcher.chmod(0o755)
    probe, (said,) = StartingProbe("auto", executable=str(launcher)).finish()
    assert probe.name.startswith("edges-")
    assert reason in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_no_descriptor_is_lost_where_no_helper_starts() -> None:
    before = len(list(OPEN_FILES.iterdir()))
    StartingProbe("auto", executable="/bin/false").finish()
    assert len(list(OPEN_FILES.iterdir())) == before
