"""``pytest-carbon merge``, on the results of real shards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.cli.main import main
from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable

# The command starts pytest or git itself.
pytestmark = pytest.mark.starts

NAMES = ("test_a", "test_b", "test_c", "test_d")


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose suite two jobs have split between them, and a job of another environment."""
    project = tmp_path_factory.mktemp("project")
    (project / "burn.py").write_text(BURN)
    (project / "pytest.ini").write_text("[pytest]\ncarbon_baselines = stored\n")
    for name in NAMES:
        (project / f"{name}.py").write_text(f"from burn import burn\ndef {name}(): burn(0.02)\n")

    def job(name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "pytest", "--carbon", f"--carbon-report=json:{name}.json"]
        subprocess.run([*command, *arguments], cwd=project, check=True, capture_output=True)

    for group in ("1", "2"):
        job(f"shard-{group}", "--splits=2", f"--group={group}", "--carbon-diff")
    job("plain", "--carbon-speed=off", "-n", "1")
    return project


@pytest.fixture
def command(sharded: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.chdir(sharded)

    def run(*arguments: str) -> int:
        return main(["merge", *arguments])

    return run


def changed(path: str, change: Callable[[dict[str, Any]], None]) -> str:
    plain = json.loads(Path(path).read_text(encoding="utf-8"))
    change(plain)
    target = Path(f"changed-{path}")
    target.write_text(json.dumps(plain), encoding="utf-8")
    return str(target)


def test_shards_become_one_run_with_summary_report_and_baselines(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    shards = ("shard-1.json", "shard-2.json")
    assert command(*shards, "--to", "json:all.json", "--diff") == 0
    assert "nothing is written" in capsys.readouterr().out
    assert not Path("stored").exists()
    assert command("all.json", "--update", "changed", "--baselines", "elsewhere") == 0
    assert command(*shards, "--update", "changed") == 0
    output = capsys.readouterr().out
    assert "2 results joined" in output
    assert "selected in none" not in output
    assert "added       test_d.py::test_d" in output
    for folder in ("stored", "elsewhere"):
        (path,) = Path(folder).glob("*.json")
        stored = json.loads(path.read_text(encoding="utf-8"))
        assert list(stored["test"]) == [f"{name}.py::{name}" for name in NAMES]
        assert stored["reference_ns"] > 0


def test_one_shard_alone_says_what_is_missing(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("shard-1.json") == 0
    assert "selected in none of these results: 2 tests" in capsys.readouterr().out


def test_a_regression_in_any_shard_is_the_exit_status(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def regress(plain: dict[str, Any]) -> None:
        test = next(s for s in plain["subjects"] if s["subject"]["kind"] == "test")
        test["verdict"] = {"outcome": "regressed", "now_j": 2.0, "baseline_j": 1.0}

    assert command("shard-1.json", changed("shard-2.json", regress)) == 1
    assert "regressed: test_" in capsys.readouterr().out


def test_a_matrix_is_joined_environment_by_environment(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("shard-1.json", "plain.json", "shard-2.json") == 0
    output = capsys.readouterr().out
    assert output.count("environment ") == 2
    assert "2 results joined" in output
    assert "1 result joined" in output
    assert command("shard-1.json", "plain.json", "--to", "json:no.json") == 4
    assert "results of 2 environments" in capsys.readouterr().err
    assert not Path("no.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shard-1.json", "shard-1.json"), "hold the same run"),
        (("not-there.json",), "cannot be read"),
        (("pytest.ini",), "is not JSON"),
        (("shard-1.json", "--to", "nothing:x"), "is no kind of report"),
    ],
)
def test_unusable_input_is_one_clear_error(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert command(*arguments) == 4
    assert message in capsys.readouterr().err
