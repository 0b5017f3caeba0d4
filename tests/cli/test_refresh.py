"""``pytest-carbon refresh``: fresh processes in, one joined update out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_carbon.cli.main import main
from pytest_carbon.speed.load import other_cores
from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_several_processes_are_joined_into_one_update(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(tmp_path, 0.02)
    assert command("--rounds", "3", "--repeats", "2") == 0
    output = capsys.readouterr().out
    assert "round 3 of 3: 1 passed in " in output
    assert "added       test_cost.py::test_one" in output
    assert output.rstrip().endswith("is written")
    entry = stored(tmp_path)["test_one"]
    assert (entry["first"]["samples"], entry["first"]["processes"]) == (3, 3)
    assert (entry["repeats"]["samples"], entry["repeats"]["processes"]) == (6, 3)
    assert entry["first"]["sd_log"] >= 0

    before = next((tmp_path / "baselines").iterdir()).read_bytes()
    suite(tmp_path, 0.2)
    assert command("--rounds", "1", "--repeats", "0", "--diff", "--update", "all") == 0
    output = capsys.readouterr().out
    assert "nothing is written" in output
    assert "raised      test_cost.py::test_one" in output
    assert command("--rounds", "1", "--repeats", "0") == 0
    assert "refused     test_cost.py::test_one" in capsys.readouterr().out
    assert next((tmp_path / "baselines").iterdir()).read_bytes() == before
    assert command("--rounds", "1", "--repeats", "0", "--update", "all") == 0
    assert stored(tmp_path)["test_one"]["first"]["centre_j"] > entry["first"]["centre_j"] * 3


@pytest.mark.skipif(not other_cores(), reason="there is no other core")
def test_further_rounds_beside_a_load_are_told_and_their_costs_not_stored(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """One round says nothing of how a test follows the core's speed."""
    suite(tmp_path, 0.02)
    assert command("--rounds", "1", "--repeats", "2", "--loaded-rounds", "2") == 0
    output = capsys.readouterr().out
    assert "beside a load, to see how tests follow the core's speed: 2 of 2, in " in output
    entry = stored(tmp_path)["test_one"]
    assert (entry["repeats"]["samples"], entry["repeats"]["processes"]) == (2, 1)
    for further in (["--loaded-rounds", "0", "--update", "all"], ["--repeats", "0"]):
        assert command("--rounds", "1", *further) == 0
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
    assert command("--rounds", "2", "--repeats", "0") == 1
    output = capsys.readouterr().out
    assert "left out: test_cost.py::test_sometimes failed" in output
    assert "left out: test_cost.py::test_broken had an error" in output
    assert list(stored(tmp_path)) == ["test_one"]


def test_arguments_behind_the_dashes_go_to_pytest(tmp_path: Path, command: Command) -> None:
    suite(tmp_path, 0.01, "def test_two(): burn(0.01)")
    arguments = ("--rounds", "1", "--repeats", "0", "--")
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

def test_dies_the_second_time():
    count = pathlib.Path(__file__).with_name("count")
    with count.open("a") as file: file.write("x")
    if len(count.read_text()) == 2: os.kill(os.getpid(), 9)
""",
    )
    assert command("--rounds", "3", "--repeats", "0") == 0
    assert "round 2 of 3: it was killed by signal 9" in capsys.readouterr().out
    assert stored(tmp_path)["test_one"]["first"]["processes"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rounds", "0"),
        ("--rounds", "many"),
        ("--repeats", "-1"),
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


@pytest.mark.skipif(os.name != "posix", reason="sends a signal as the terminal does")
def test_an_interrupt_writes_nothing(tmp_path: Path, command: Command) -> None:
    assert command is not None
    suite(tmp_path, 0.01, "import time\ndef test_slow(): open('ran', 'w').close(); time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_carbon.cli.main", "refresh", "--rounds", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background jobs, and so all below them, are deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "ran").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert output.rstrip().endswith("nothing was written")
    assert not (tmp_path / "baselines").exists()
