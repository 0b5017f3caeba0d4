"""``--carbon-update``: whatever ends a run early, nothing stored is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

BREAKS = """
import pytest_carbon.updates.refresh

def breaks(*arguments):
    raise RuntimeError("a fault of ours")

pytest_carbon.updates.refresh.store_runs = breaks
"""

NAMES = ("test_a", "test_b", "test_c", "test_d")
SUITE = {name: f"from burn import burn\ndef {name}(): burn(0.02)\n" for name in NAMES}


def entries(pytester: pytest.Pytester) -> dict[str, Any]:
    (path,) = (pytester.path / "baselines").glob("*.json")
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["test"]
    return stored


@pytest.fixture(scope="module")
def stored_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The baselines of the whole suite."""
    folder = tmp_path_factory.mktemp("stored")
    for name, source in {**SUITE, "burn": BURN}.items():
        (folder / f"{name}.py").write_text(source)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--carbon",
        "--carbon-update",
        "--carbon-confirm-time=0",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "baselines"


@pytest.mark.parametrize(
    "case",
    [
        ("def test_b(): assert 0", ("-x",), 1),
        ("def test_b(): raise KeyboardInterrupt", (), 2),
        ("import os\ndef test_b(): os._exit(7)", (), 7),
        ("def test_b(", (), 2),
        ("def test_b(", ("--continue-on-collection-errors",), 1),
        ("import os\ndef test_b(): os._exit(7)", ("-n", "2", "--max-worker-restart=0"), 1),
        (SUITE["test_b"], ("--deselect=test_b.py", "test_b.py", "test_c.py"), 0),
    ],
)
def test_a_run_that_saw_only_a_part_deletes_nothing(
    pytester: pytest.Pytester,
    carbon: Run,
    stored_once: Path,
    case: tuple[str, tuple[str, ...], int],
) -> None:
    change, arguments, status = case
    pytester.makepyfile(**{**SUITE, "test_b": change})
    shutil.copytree(stored_once, pytester.path / "baselines")
    before = entries(pytester)
    assert set(before) == {f"{name}.py::{name}" for name in NAMES}
    assert carbon("--carbon-update=all", "--carbon-confirm-time=0", *arguments).ret == status
    after = entries(pytester)
    assert set(after) == set(before)
    assert after["test_b.py::test_b"] == before["test_b.py::test_b"]


def test_tests_that_did_not_pass_are_not_stored(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.fixture
        def breaks_late(): yield; raise OSError
        @pytest.fixture
        def breaks_early(): burn(0.02); raise OSError

        def test_good(): burn(0.02)
        def test_fails(): burn(0.02); assert 0
        def test_skips(): burn(0.02); pytest.skip()
        @pytest.mark.xfail
        def test_xfails(): burn(0.02); assert 0
        @pytest.mark.xfail
        def test_xpasses(): burn(0.02)
        def test_late(breaks_late): burn(0.02)
        def test_early(breaks_early): burn(0.02)
        @pytest.mark.carbon_budget(mj=0.001)
        def test_greedy(): burn(0.02)
        """
    )
    carbon("--carbon-update")
    (stored,) = entries(pytester)
    assert stored.endswith("::test_good")


def test_the_difference_is_shown_and_nothing_written(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(**SUITE)
    result = carbon("--carbon-diff", "--carbon-update=all", "--carbon-confirm-time=0")
    result.stdout.fnmatch_lines(["*nothing is written*", "*added*test_a.py::test_a*"])
    assert not (pytester.path / "baselines").exists()


def test_an_update_that_a_fault_of_ours_prevents_does_not_pass(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(burn=BURN, **SUITE)
    pytester.makeconftest(BREAKS)
    result = carbon("--carbon-update", "--carbon-confirm-time=0")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*a fault of ours*"])
    assert not list(pytester.path.glob("baselines/*.json"))


@pytest.mark.parametrize("folder", ["a" * 300, "test_a.py/baselines"])
def test_a_folder_that_cannot_be_ends_the_run_before_any_test(
    pytester: pytest.Pytester, carbon: Run, folder: str
) -> None:
    pytester.makepyfile(burn=BURN, **SUITE)
    result = carbon("--carbon-update", f"--carbon-baselines={folder}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *cannot be read: *name another folder with*"])
    result.stdout.no_fnmatch_line("*passed*")


@pytest.mark.parametrize(
    ("field", "value"),
    [("centre_j", 1e308), ("reference_ns", 0), ("sensitivity", -1e300), ("sd_log", 1e300)],
)
def test_a_number_that_a_field_cannot_mean_ends_the_run_before_any_test(
    pytester: pytest.Pytester, carbon: Run, stored_once: Path, field: str, value: float
) -> None:
    shutil.copytree(stored_once, pytester.path / "baselines")
    (path,) = (pytester.path / "baselines").glob("*.json")
    document = json.loads(path.read_text())
    entry = document["test"]["test_a.py::test_a"]
    places = {"reference_ns": document, "sensitivity": entry}
    places.get(field, entry["first"])[field] = value
    path.write_text(json.dumps(document, indent=2))
    before = path.read_bytes()
    pytester.makepyfile(burn=BURN, **SUITE)
    for option in ("--carbon-update", "--carbon-diff", "--carbon-strict"):
        result = carbon(option)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: *{path.name}, line *{field}*"])
        assert path.read_bytes() == before
