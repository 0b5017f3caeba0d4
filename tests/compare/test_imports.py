"""Imports that would read the user's tree, led to the side's files."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.compare.imports import is_inside
from pytest_carbon.compare.packages import is_of, packages_below
from pytest_carbon.compare.proof import prove
from pytest_carbon.errors import CompareError
from tests.compare.conftest import LIBRARY, TESTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compare.conftest import Compare, Project

IMPORT = """
import importlib, sys
from pytest_carbon.compare.imports import redirect
sys.path[:0] = {entries!r}
redirect(tree={tree!r}, side={side!r})
for name in {names!r}:
    try:
        print(importlib.import_module(name).WHERE)
    except ImportError:
        print("missing")
"""


def imported(tree: Path, side: Path, entries: list[Path], *names: str) -> list[str]:
    code = IMPORT.format(
        entries=[str(entry) for entry in entries], tree=str(tree), side=str(side), names=names
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def lay_out(folder: Path, *modules: str) -> Path:
    for module in modules:
        path = folder / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"WHERE = {folder.name!r}\n", encoding="utf-8")
    return folder


def test_an_entry_of_the_path_is_led_to_the_side(tmp_path: Path) -> None:
    tree = lay_out(tmp_path / "tree", "src/flat.py", "src/package/__init__.py")
    side = lay_out(tmp_path / "side", "src/flat.py", "src/package/__init__.py")
    assert imported(tree, side, [tree / "src"], "flat", "package") == ["side", "side"]


def test_what_the_side_does_not_have_is_not_found(tmp_path: Path) -> None:
    tree = lay_out(tmp_path / "tree", "src/added.py")
    side = lay_out(tmp_path / "side", "src/other.py")
    assert imported(tree, side, [tree / "src"], "added") == ["missing"]


def test_a_namespace_is_taken_from_the_side_and_from_other_projects(tmp_path: Path) -> None:
    tree = lay_out(tmp_path / "tree", "space/mine/__init__.py")
    side = lay_out(tmp_path / "side", "space/mine/__init__.py")
    other = lay_out(tmp_path / "other", "space/theirs/__init__.py")
    found = imported(tree, side, [tree, other], "space.mine", "space.theirs")
    assert found == ["side", "other"]


def test_an_environment_inside_the_tree_is_not_part_of_it(tmp_path: Path) -> None:
    tree = str(tmp_path)
    assert is_inside(f"{tree}/src/lib.py", tree)
    assert not is_inside(f"{tree}/.venv/lib/python3.11/site-packages/lib.py", tree)
    assert not is_inside(f"{tree}-other/lib.py", tree)


def test_packages_are_named_by_what_can_be_imported(tmp_path: Path) -> None:
    lay_out(
        tmp_path / "x",
        *("flat.py", "package/__init__.py", "package/inner.py", "space/part/__init__.py"),
        *(".hidden/no.py", "not-a-name/no.py"),
    )
    assert packages_below(tmp_path / "x") == {"flat", "package", "space.part"}
    assert packages_below(tmp_path / "nowhere") == set()


@pytest.mark.parametrize(
    ("module", "expected"),
    [("package.inner", True), ("space.part", True), ("space", False), ("packages", False)],
)
def test_a_module_belongs_to_a_package_or_not(module: str, expected: bool) -> None:
    assert is_of(module, {"package", "space.part"}) is expected


def test_files_of_the_users_tree_are_refused(tmp_path: Path) -> None:
    side = SimpleNamespace(
        name="head", folder=tmp_path / "side", installation=SimpleNamespace(folder=None)
    )
    file = str(tmp_path / "tree" / "lib.py")
    imports = {"own": {}, "project": {}, "tree": {"lib": file}}
    with pytest.raises(CompareError, match=r"head imports lib from .* which is not its own"):
        prove([side], [imports])  # type: ignore[list-item]


def test_pytest_carbon_itself_cannot_be_compared(tmp_path: Path) -> None:
    side = SimpleNamespace(
        name="base", folder=tmp_path / "side", installation=SimpleNamespace(folder=None)
    )
    imports = {"own": {}, "project": {"pytest_carbon.units": "/x/units.py"}, "tree": {}}
    with pytest.raises(CompareError, match="cannot be what is compared"):
        prove([side], [imports])  # type: ignore[list-item]


PROJECT = """
[project]
name = "lib"
version = "1"

[build-system]
"""
SETUPTOOLS = """
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = ["lib"]
"""
HATCHLING = """
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
BACKENDS = {
    "setuptools, flat, by a finder": ("lib/__init__.py", PROJECT + SETUPTOOLS),
    "hatchling, src, by a path": ("src/lib/__init__.py", PROJECT + HATCHLING),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(BACKENDS))
def test_editable_installs_in_environments_of_their_own(
    project: Project, compare: Compare, kind: str
) -> None:
    file, configuration = BACKENDS[kind]
    project.write({file: LIBRARY, "tests/test_lib.py": TESTS, "pyproject.toml": configuration})
    project.commit()
    project.write({file: LIBRARY.replace("200_000", "600_000")})

    setup = ("--setup", "pip install -e .")
    done = compare("HEAD", *setup, "--max-pairs", "10", "--", "-k", "test_work")

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"base ran lib from base:{file}; head ran lib from head:{file}" in done.stdout
