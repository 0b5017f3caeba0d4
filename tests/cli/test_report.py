"""``pytest-carbon report``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.cli.main import main
from pytest_carbon.resultfile.file import write_result
from tests.results import SUBJECTS, run_result, whole

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "carbon.json").write_text(write_result(run_result()), encoding="utf-8")
    return "carbon.json"


def test_the_summary_is_printed(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", stored]) == 0
    assert capsys.readouterr().out.startswith("tests: 6.96 J")


def test_several_kinds_at_once(
    stored: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--to", "csv:out/emissions.csv", "--to", "markdown:-", "--to", "github"]
    assert main(["report", stored, stored, *arguments]) == 4
    assert "name one result, or join them first" in capsys.readouterr().err
    assert main(["report", stored, *arguments]) == 0
    assert "## Carbon: 1 test burns more" in capsys.readouterr().out
    # The first call had written what came before its mistake.
    assert len((tmp_path / "out" / "emissions.csv").read_text().splitlines()) == 4


def test_a_result_renders_into_itself(stored: str, tmp_path: Path) -> None:
    assert main(["report", stored, "--to", "json:again.json"]) == 0
    assert (tmp_path / "again.json").read_text() == (tmp_path / stored).read_text()


def test_a_comment_links_the_page_and_says_nothing_where_nothing_changed(
    stored: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_CARBON_REPORT_LINK", "https://ci.example.org/1")
    assert main(["report", stored, "--to", "markdown:-"]) == 0
    assert "(<https://ci.example.org/1>)" in capsys.readouterr().out
    assert main(["report", stored, "--to", "markdown:-", "--link", "https://example.org/2"]) == 0
    assert "(<https://example.org/2>)" in capsys.readouterr().out
    unchanged = whole(run_result(SUBJECTS[0]))._replace(faults=())
    (tmp_path / "same.json").write_text(write_result(unchanged), encoding="utf-8")
    assert main(["report", "same.json", "--to", "markdown"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "note: nothing changed, so there is no Markdown; --always writes it anyway\n"
    )
    assert main(["report", "same.json", "--to", "markdown", "--always"]) == 0
    assert "## Carbon: no change in 1 compared" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["carbon.json", "--link", "carbon.html"], "--link=carbon.html is no address of a page"),
        (["none.json"], "none.json cannot be read: No such file"),
        (["carbon.json", "--to", "odd:x"], "'odd' is no kind of report: write it like json:"),
        (["carbon.json", "--to", "csv:."], "is a folder: name a file"),
        (["newer.json"], "newer.json: 'schema' is 99, newer than the 1"),
    ],
)
def test_bad_input_is_one_error(
    stored: str,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    newer = json.loads((tmp_path / stored).read_text()) | {"schema": 99}
    (tmp_path / "newer.json").write_text(json.dumps(newer))
    assert main(["report", *arguments]) == 4
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_help_lists_the_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["report", "--help"])
    assert "markdown-append" in capsys.readouterr().out
