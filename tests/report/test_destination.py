"""Where reports may go; all is checked before a test runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_carbon.errors import ReportError, SettingError
from pytest_carbon.report.destination import Destination, parse_destinations, probe
from pytest_carbon.settings import Wish


def wish(text: str, folder: Path = Path("/work")) -> Wish:
    return Wish(text=text, place="--carbon-report", folder=folder)


def test_kind_and_path() -> None:
    [one] = parse_destinations([wish("json:out/carbon.json")])
    assert one == Destination(kind="json", path=Path("/work/out/carbon.json"))


def test_the_same_twice_is_one() -> None:
    assert len(parse_destinations([wish("json:a"), wish("json:a")])) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "yaml:x",
            r"--carbon-report=yaml:x: 'yaml' is no kind.*json:carbon.json, with one of term, json",
        ),
        ("json", "--carbon-report=json names no file: write it like json:carbon.json"),
        ("json: ", "names no file"),
        ("", "'' is no kind"),
    ],
)
def test_what_is_no_destination(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        parse_destinations([wish(text)])


def test_a_probe_makes_folders_and_leaves_no_file(tmp_path: Path) -> None:
    probe(Destination(kind="json", path=tmp_path / "a" / "b" / "c.json"))
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_probe_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text("old")
    probe(Destination(kind="json", path=path))
    assert path.read_text() == "old"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="is a folder: name a file"):
        probe(Destination(kind="json", path=tmp_path))


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written to"):
        probe(Destination(kind="json", path=tmp_path / "file" / "c.json"))


@pytest.mark.parametrize(
    "target", ["taken", "taken/file/c.json", "/proc/nowhere/c.json", "circle", "a" * 300]
)
def test_an_unwritable_destination_is_an_error_before_the_tests(
    pytester: pytest.Pytester, target: str
) -> None:
    if target.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    pytester.mkdir("taken").joinpath("file").write_text("")
    if target == "circle":
        (pytester.path / "circle").symlink_to("circle")
    pytester.makepyfile("def test_one(): pass")
    result = pytester.runpytest_subprocess("--carbon", f"--carbon-report=json:{target}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the json report cannot be written*: name a file*"])
    result.stdout.no_fnmatch_line("*passed*")


def test_ini_and_environment(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeini("[pytest]\ncarbon = true\ncarbon_report =\n  json:ini.json\n  json:two.json\n")
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_subprocess()
    names = {path.name for path in pytester.path.glob("*.json")}
    assert names == {"ini.json", "two.json"}
    monkeypatch.setenv("PYTEST_CARBON_REPORT", "json:a.json\njson:b.json")
    pytester.runpytest_subprocess()
    assert json.loads((pytester.path / "b.json").read_text())["schema"] == 1
    pytester.runpytest_subprocess("--carbon-report=json:c1.json", "--carbon-report=json:c2.json")
    assert {path.name for path in pytester.path.glob("c?.json")} == {"c1.json", "c2.json"}
