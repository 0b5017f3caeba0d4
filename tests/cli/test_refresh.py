"""``pytest-carbon refresh``: fresh processes in, one joined update out."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import psutil
import pytest

from pytest_carbon.cli.main import main
from pytest_carbon.speed.load import other_cores
from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The command starts pytest or git itself.
pytestmark = pytest.mark.starts

Command: TypeAlias = "Callable[..., int]"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in the project; beside a load only where that is asked for."""
    (tmp_path / "burn.py").write_text(BURN)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int:
        return main(["refresh", "--loaded-rounds", "0", *arguments])

    return run


def stored(project: Path) -> dict[str, Any]:
    """The stored entries by the names of their tests."""
    (path,) = (project / "baselines").glob("*.json")
    entries = json.loads(path.read_text(encoding="utf-8"))["test"]
    return {name.partition("::")[2]: entry for name, entry in entries.items()}


def suite(project: Path, cost_s: float, more: str = "") -> None:
    source = f"from burn import burn\ndef test_one(): burn({cost_s})\n{more}\n"
    (project / "test_cost.py").write_text(source)


@pytest.mark.slow
def test_several_processes_are_joined_into_one_update(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(tmp_path, 0.02)
    assert command("--rounds", "2") == 0
    output = capsys.readouterr().out
    assert "measuring 2 rounds" in output
    assert "round 2 of 2: 1 passed in " in output
    assert "added       test_cost.py::test_one" in output
    assert "is written" in output
    assert output.rstrip().endswith("1 of 1 tests is large enough to gate by itself")
    entry = stored(tmp_path)["test_one"]
    assert (entry["first"]["samples"], entry["first"]["processes"]) == (2, 2)
    assert (entry["look"]["samples"], entry["look"]["processes"]) == (6, 2)
    assert not (tmp_path / ".pytest-carbon").exists(), "what is stored is not kept twice"

    before = next((tmp_path / "baselines").iterdir()).read_bytes()
    suite(tmp_path, 0.2)
    assert command("--rounds", "1", "--diff", "--update", "all") == 0
    output = capsys.readouterr().out
    assert "nothing is written" in output
    assert "raised      test_cost.py::test_one" in output
    assert command("--rounds", "1") == 0
    assert "refused     test_cost.py::test_one" in capsys.readouterr().out
    assert next((tmp_path / "baselines").iterdir()).read_bytes() == before
    assert command("--rounds", "1", "--update", "all") == 0
    assert stored(tmp_path)["test_one"]["first"]["centre_j"] > entry["first"]["centre_j"] * 3


@pytest.mark.skipif(not other_cores(), reason="there is no other core")
def test_looks_beside_a_load_are_told_and_their_costs_not_stored(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """One round says nothing of how a test follows the core's speed."""
    suite(tmp_path, 0.02)
    assert command("--rounds", "1", "--loaded-rounds", "2") == 0
    output = capsys.readouterr().out
    assert (
        "with the other cores busy, to see how 1 test follows the speed of the core: 2 of 2 in "
        in output
    )
    entry = stored(tmp_path)["test_one"]
    assert (entry["look"]["samples"], entry["look"]["processes"]) == (3, 1)
    assert command("--rounds", "1", "--loaded-rounds", "0", "--update", "all") == 0
    assert "beside a load" not in capsys.readouterr().out


def test_what_does_not_pass_in_every_round_is_told_and_left_out(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(
        tmp_path,
        0.01,
        """
import pathlib, pytest
mark = pathlib.Path(__file__).with_name("mark")

def test_sometimes():
    burn(0.01)
    assert not mark.exists()
    mark.touch()

@pytest.fixture
def broken():
    yield
    raise OSError

def test_broken(broken): burn(0.01)
def test_skipped(): pytest.skip()
""",
    )
    assert command("--rounds", "2") == 1
    output = capsys.readouterr().out
    assert "left out: test_cost.py::test_sometimes failed" in output
    assert "left out: test_cost.py::test_broken had an error" in output
    assert list(stored(tmp_path)) == ["test_one"]


def test_arguments_behind_the_dashes_go_to_pytest(tmp_path: Path, command: Command) -> None:
    suite(tmp_path, 0.01, "def test_two(): burn(0.01)")
    arguments = ("--rounds", "1", "--")
    assert command(*arguments, "--carbon-baselines=elsewhere", "-k", "two", "-n", "1") == 0
    (path,) = (tmp_path / "elsewhere").glob("*.json")
    assert list(json.loads(path.read_text())["test"]) == ["test_cost.py::test_two"]


@pytest.mark.parametrize(
    ("source", "status"), [("import not_there", 2), ("def test_none", 2), ("", 5)]
)
def test_what_every_round_would_repeat_ends_the_first(
    tmp_path: Path,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    source: str,
    status: int,
) -> None:
    (tmp_path / "test_nothing.py").write_text(source)
    assert command("--rounds", "3") == status
    output = capsys.readouterr().out
    assert "round 2" not in output
    assert output.rstrip().endswith("nothing was written")
    assert not (tmp_path / "baselines").exists()


def test_a_lost_round_is_told_and_the_others_count(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(
        tmp_path,
        0.01,
        """
import os, pathlib

def test_dies_in_the_second_round():
    died = pathlib.Path("died")
    if pathlib.Path(".pytest-carbon/refresh/round-001.json").exists() and not died.exists():
        died.touch()
        os.kill(os.getpid(), 9)
""",
    )
    assert command("--rounds", "3") == 0
    assert "round 2 of 3: it was killed by signal 9" in capsys.readouterr().out
    assert stored(tmp_path)["test_one"]["first"]["processes"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rounds", "0"),
        ("--rounds", "many"),
        ("--loaded-rounds", "-1"),
        ("--max-time", "soon"),
        ("--repeats", "1"),
        ("--resume",),
        ("--update", "some"),
        ("tests",),
        ("--rounds", "1", "--", "--no-such-option"),
        ("--rounds", "1", "--", "--carbon-tolerance=-1"),
    ],
)
def test_unusable_arguments_are_usage_errors(
    tmp_path: Path, command: Command, arguments: tuple[str, ...]
) -> None:
    suite(tmp_path, 0.01)
    try:
        status: object = command(*arguments)
    except SystemExit as end:
        status = end.code
    assert status == 4
    assert not (tmp_path / "baselines").exists()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether a process is there, and no mere entry for one that has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


HANGS = """
import os, pathlib, time

def test_hangs(request):
    in_look = request.config.pluginmanager.hasplugin("carbon-look")
    if pathlib.Path("hang").exists() and in_look is {in_look}:
        pathlib.Path("new").write_text(str(os.getpid()))
        pathlib.Path("new").rename("hangs")
        time.sleep(1000)
    burn(0.02)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(
    ("in_look", "number", "status"),
    [
        (False, signal.SIGTERM, 143),
        (True, signal.SIGTERM, 143),
        (False, signal.SIGHUP, 129),  # type: ignore[attr-defined, unused-ignore]
        (True, signal.SIGINT, 2),
    ],
)
def test_what_interrupts_it_leaves_nothing_running_and_keeps_finished_rounds(
    tmp_path: Path, command: Command, in_look: bool, number: signal.Signals, status: int
) -> None:
    suite(tmp_path, 0.01, HANGS.format(in_look=in_look))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    kept = tmp_path / ".pytest-carbon" / "refresh"
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_carbon.cli.main", "refresh", "--loaded-rounds", "0"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background jobs, and so all below them, are deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    wait_until((kept / "round-001.json").exists)
    (tmp_path / "hang").touch()
    wait_until((tmp_path / "hangs").exists)
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == status
    assert "interrupted: nothing was written" in output
    assert "pytest-carbon refresh --resume goes on with " in output
    assert not (tmp_path / "baselines").exists()
    assert list(kept.glob("round-*.json"))
    wait_until(lambda: not runs(int((tmp_path / "hangs").read_text())))
    # What is read of the processor is kept for the next run.
    cache = f"pytest-carbon-{getpass.getuser()}"
    assert [path.name for path in temporary.iterdir() if path.name != cache] == []

    (tmp_path / "hang").unlink()
    assert command("--resume", "--rounds", "2") == 0
    assert stored(tmp_path)["test_hangs"]["first"]["processes"] >= 2
    assert not kept.exists()
