from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli import baselines
from pytest_carbon.cli.main import main
from pytest_carbon.errors import BaselineError
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject
from tests.baseline_files import HEADER

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment

# The command starts pytest or git itself.
pytestmark = pytest.mark.starts

HERE = HEADER.environment
THERE = HERE._replace(python="cpython-3.12")


def run(folder: str, *arguments: str, current: Environment | None = HERE) -> int:
    return baselines.show(Path(folder), current, as_json="--json" in arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = BaselineStore(tmp_path / "baselines", lock_folder=tmp_path / "locks")
    intensity = Intensity(
        g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default"
    )
    entry = Entry(first=Spread(centre_j=1.0), cpu_s=0.25, wall_s=0.25)
    entries = {
        Subject(Kind.TEST, "a.py::one"): entry,
        Subject(Kind.TEST, "a.py::two"): entry,
        Subject(Kind.FIXTURE, "conftest.py::db"): entry,
    }
    for environment in (HERE, THERE):
        file = BaselineFile(environment=environment, intensity=intensity, entries=entries)
        store.update(environment, lambda _old, file=file: file)  # type: ignore[misc]
    return store.folder


def test_environments_are_listed_with_what_they_hold_and_what_counts_here(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "README.md").write_text("", encoding="utf-8")
    assert run(str(folder)) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"linux-cpython3.11-epyc-2cpu-model-{HERE.fingerprint}.json",
        "  1 fixture, 2 tests; in no commit yet",
        "  counts here",
        f"linux-cpython3.12-epyc-2cpu-model-{THERE.fingerprint}.json",
        "  1 fixture, 2 tests; in no commit yet",
        "  does not count here: python: cpython-3.12, here cpython-3.11",
        "README.md: no baselines file, left alone",
    ]


def test_an_environment_that_is_not_stored_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mac = HERE._replace(os="darwin")
    assert run(str(folder), current=mac) == 0
    expected = (
        f"this environment's file would be darwin-cpython3.11-epyc-2cpu-model-{mac.fingerprint}"
    )
    assert expected in capsys.readouterr().out


def test_without_a_known_environment_the_list_still_stands(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(folder), current=None) == 0
    assert "count here" not in capsys.readouterr().out


def test_json_holds_the_same_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x-0123456789ab.json").write_text("{", encoding="utf-8")
    assert run(str(folder), "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [file["matches"] for file in found["files"]] == [True, False]
    assert found["files"][0]["entries"] == {"fixture": 1, "test": 2}
    assert found["files"][1]["differences"] == {
        "python": {"here": "cpython-3.11", "there": "cpython-3.12"}
    }
    assert found["files"][0]["last_change"] is None
    assert "is not JSON" in found["broken"][0]["problem"]
    assert found["unknown"] == []


def test_a_damaged_file_is_told_and_gives_a_failing_exit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x-0123456789ab.json").write_text("{", encoding="utf-8")
    assert run(str(folder)) == 1
    out = capsys.readouterr().out
    assert "cannot be read: " in out
    assert "restore it with 'git checkout" in out


def test_an_empty_folder_says_how_to_fill_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path / "baselines"), current=None) == 0
    assert "pytest-carbon refresh stores them" in capsys.readouterr().out


def test_a_folder_that_is_none_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BaselineError, match="cannot be listed"):
        run(str(tmp_path / "file"))


def test_the_command_knows_the_folder_and_what_counts_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ncarbon_baselines = stored\n")
    (tmp_path / "test_a.py").write_text("def test_a(): sum(range(10**5))")
    monkeypatch.chdir(tmp_path)
    assert main(["refresh", "--rounds", "1"]) == 0
    (path,) = (tmp_path / "stored").iterdir()
    capsys.readouterr()
    # Nothing of the suite is looked at.
    (tmp_path / "test_a.py").write_text("raise OSError")
    assert main(["baselines"]) == 0
    assert "  counts here" in capsys.readouterr().out
    assert main(["baselines", "--", "--carbon-speed=off"]) == 0
    assert "  does not count here: speed: follow" in capsys.readouterr().out
    path.write_text("{}")
    assert main(["baselines"]) == 1
    shown = capsys.readouterr()
    assert f"{path.name}\n  cannot be read: " in shown.out
    assert "the environment here is unknown" in shown.err
