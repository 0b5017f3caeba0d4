"""A release says its version once in each place that people and machines look at."""

from __future__ import annotations

import re
import tarfile
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere() -> None:
    found = re.search(r'^version = "(.*)"$', text("pyproject.toml"), re.MULTILINE)
    assert found is not None
    version = found[1]
    assert yaml.safe_load(text("CITATION.cff"))["version"] == version
    heading = re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)
    assert heading is not None
    assert heading[1] == version


@pytest.fixture
def check_dist(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that looks into archives, in a repository of three files."""
    spec = spec_from_file_location("check_dist", ROOT / ".ci" / "check_dist.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    known = {"README.md", "pytest_carbon/plugin.py", "pytest_carbon/py.typed"}
    monkeypatch.setattr(module, "tracked", lambda: known)
    monkeypatch.setattr(module, "NEEDED", {"pytest_carbon/py.typed"})
    return module


WHEEL = {
    "pytest_carbon/plugin.py": "",
    "pytest_carbon/py.typed": "",
    "p.dist-info/METADATA": "License-Expression: MIT\nProject-URL: Source, https://x",
    "p.dist-info/entry_points.txt": "carbon = pytest_carbon.plugin",
    "p.dist-info/licenses/LICENSE": "MIT",
}


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("pytest_carbon/plugin.py", "", None),
        ("pytest_carbon/notes.txt", "", "w.whl has pytest_carbon/notes.txt"),
        ("tests/test_it.py", "", "w.whl has tests/test_it.py"),
        ("p.dist-info/METADATA", "", "w.whl has no licence or source in its metadata"),
        ("p.dist-info/entry_points.txt", "", "w.whl is no plugin of pytest"),
    ],
)
def test_a_wheel_holds_what_it_should(
    check_dist: Any, tmp_path: Path, name: str, content: str, fault: str | None
) -> None:
    with zipfile.ZipFile(tmp_path / "w.whl", "w") as archive:
        for member, body in {**WHEEL, name: content}.items():
            archive.writestr(member, body)
    assert check_dist.check_wheel(tmp_path / "w.whl") == ([fault] if fault else [])


@pytest.mark.parametrize("left_out", ["pytest_carbon/py.typed", "p.dist-info/licenses/LICENSE"])
def test_a_wheel_that_lacks_something_is_told(
    check_dist: Any, tmp_path: Path, left_out: str
) -> None:
    with zipfile.ZipFile(tmp_path / "w.whl", "w") as archive:
        for member, body in WHEEL.items():
            if member != left_out:
                archive.writestr(member, body)
    [fault] = check_dist.check_wheel(tmp_path / "w.whl")
    assert fault.startswith("w.whl lacks")


def test_an_sdist_holds_what_git_knows(check_dist: Any, tmp_path: Path) -> None:
    source = tmp_path / "p-1"
    for name in ("README.md", "PKG-INFO", "pytest_carbon/plugin.py", "secret.env"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch()
    with tarfile.open(tmp_path / "p.tar.gz", "w:gz") as archive:
        archive.add(source, "p-1")
    assert check_dist.check_sdist(tmp_path / "p.tar.gz") == [
        "p.tar.gz lacks pytest_carbon/py.typed",
        "p.tar.gz has secret.env, which git does not know",
    ]
