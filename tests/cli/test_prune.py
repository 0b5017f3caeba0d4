"""``pytest-carbon prune``, on real collections."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.main import main
from pytest_carbon.measurement import Kind, Subject
from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable

# The command starts pytest or git itself.
pytestmark = pytest.mark.starts

Command: TypeAlias = "Callable[..., int]"

SUITE = """
from burn import burn
import pytest

def test_kept(): burn(0.01)
def test_gone(): burn(0.01); assert 1
@pytest.mark.parametrize("x", [1, 2])
def test_old_name(x): burn(x / 100)
"""


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with baselines."""
    project = tmp_path_factory.mktemp("project")
    (project / "burn.py").write_text(BURN)
    (project / "pytest.ini").write_text("[pytest]\n")
    (project / "test_a.py").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        assert main(["refresh", "--rounds", "1", "--loaded-rounds", "0"]) == 0
    return project


@pytest.fixture
def command(refreshed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in a copy of the project."""
    shutil.copytree(refreshed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int:
        return main(["prune", *arguments])

    return run


def names(project: Path) -> set[str]:
    (path,) = (project / "baselines").glob("*.json")
    return {name.partition("::")[2] for name in json.loads(path.read_text())["test"]}


ALL = {"test_kept", "test_gone", "test_old_name[1]", "test_old_name[2]"}


def test_a_preview_first_then_what_is_gone_goes_and_what_was_renamed_follows(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    source = SUITE.replace("old_name", "new_name").replace(
        "def test_gone(): burn(0.01); assert 1\n", ""
    )
    (tmp_path / "test_a.py").write_text(source)
    # Where pytest-xdist would distribute a run, it is this process that collects.
    assert command("--", "-n", "2") == 1
    output = capsys.readouterr().out
    assert "removed  test_a.py::test_gone" in output
    assert "renamed  test_a.py::test_old_name[2] → test_a.py::test_new_name[2]" in output
    assert "nothing is written: pytest-carbon prune --yes would remove 1 and move 2" in output
    assert names(tmp_path) == ALL
    assert command("--yes") == 0
    assert names(tmp_path) == {"test_kept", "test_new_name[1]", "test_new_name[2]"}
    capsys.readouterr()
    assert command() == 0
    assert "nothing to prune" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "selection", "why"),
    [
        ("def test_kept(", "", "could not collect test_a.py"),
        (None, "", "found no tests"),
        ("def test_kept(): pass\ndef test_x(): pass", "-k=kept", "deselected test_a.py::"),
        ("def test_kept(): pass", "test_a.py", "was narrowed by test_a.py"),
    ],
)
def test_anything_but_a_full_and_clean_collection_removes_nothing(
    command: Command,
    capsys: pytest.CaptureFixture[str],
    source: str | None,
    selection: str,
    why: str,
) -> None:
    project = Path.cwd()
    if source is None:
        (project / "test_a.py").unlink()
    else:
        (project / "test_a.py").write_text(source)
    assert command("--yes", "--", *selection.split()) == 4
    assert f"the collection {why}" in capsys.readouterr().err
    assert names(project) == ALL


def test_a_file_that_skips_itself_keeps_its_baselines(tmp_path: Path, command: Command) -> None:
    (tmp_path / "test_a.py").write_text("import pytest\npytest.importorskip('not_there')")
    (tmp_path / "test_b.py").write_text("def test_b(): pass")
    assert command("--yes") == 0
    assert names(tmp_path) == ALL


def test_other_environments_are_pruned_only_when_asked_for(
    tmp_path: Path, command: Command
) -> None:
    folder = tmp_path / "baselines"
    (path,) = folder.glob("*.json")
    store = BaselineStore(folder)
    here = store.read(path)
    entries = {
        Subject(Kind.TEST, "test_a.py::test_past"): Entry(
            first=Spread(centre_j=1.0), cpu_s=1, wall_s=1
        )
    }
    other = here._replace(environment=here.environment._replace(cpu_model="Other"), entries=entries)
    store.update(other.environment, lambda _: other)
    assert command("--yes") == 0
    assert store.load(other.environment) == other
    assert command("--yes", "--all-environments") == 0
    emptied = store.load(other.environment)
    assert emptied is not None
    assert emptied.entries == {}
