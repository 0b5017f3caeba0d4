"""Files are replaced as a whole, or appended to by one writer at a time."""

from __future__ import annotations

import csv
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.errors import ReportError
from pytest_carbon.report.codecarbon_csv import COLUMNS
from pytest_carbon.report.comment import Comment
from pytest_carbon.report.destination import Destination, probe
from pytest_carbon.report.write import write_report
from tests.results import SUBJECTS, run_result, whole

if TYPE_CHECKING:
    from pathlib import Path


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_csv_is_appended_to(tmp_path: Path) -> None:
    destination = Destination(kind="csv", path=tmp_path / "emissions.csv")
    for _ in range(3):
        assert write_report(run_result(), destination) == []
    assert len(csv_rows(tmp_path / "emissions.csv")) == 3


def test_rows_follow_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    # As codecarbon may have left it: another order, and no end of line.
    path.write_text(",".join(reversed(COLUMNS)) + "\n" + ",".join(["x"] * 38))
    write_report(run_result(), Destination(kind="csv", path=path))
    first, second = csv_rows(path)
    assert first["pue"] == "x"
    assert (second["project_name"], second["on_cloud"]) == ("shop", "N")


def test_an_empty_file_gets_its_header(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    path.touch()
    write_report(run_result(), Destination(kind="csv", path=path))
    assert [row["project_name"] for row in csv_rows(path)] == ["shop"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b", "it also has a, b; it lacks cloud_provider"),
        (",".join(COLUMNS[:-1]), "it lacks wue"),
        ("\ufeff" + ",".join(COLUMNS), "it also has .ufefftimestamp; it lacks timestamp"),
        (",".join((*COLUMNS, "wue")), "some stand twice"),
    ],
)
def test_a_file_with_other_columns_is_refused_and_left_alone(
    tmp_path: Path, header: str, message: str
) -> None:
    path = tmp_path / "emissions.csv"
    path.write_text(f"{header}\n", encoding="utf-8")
    before = path.read_bytes()
    destination = Destination(kind="csv", path=path)
    with pytest.raises(ReportError, match=f"{message}.*: name another file"):
        probe(destination)
    with pytest.raises(ReportError, match="other columns"):
        write_report(run_result(), destination)
    assert path.read_bytes() == before


def test_many_writers_lose_no_row(tmp_path: Path) -> None:
    destination = Destination(kind="csv", path=tmp_path / "emissions.csv")

    def write() -> None:
        for _ in range(5):
            write_report(run_result(), destination)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = csv_rows(tmp_path / "emissions.csv")
    assert [row["project_name"] for row in rows] == ["shop"] * 40


def test_markdown_is_appended_below_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("# Other step\n")
    write_report(run_result(), Destination(kind="markdown-append", path=path))
    assert path.read_text(encoding="utf-8").startswith("# Other step\n\n<!-- pytest-carbon -->\n")


@pytest.mark.parametrize("kind", ["markdown", "markdown-append"])
def test_where_nothing_changed_a_comment_is_empty_and_says_why(tmp_path: Path, kind: str) -> None:
    unchanged = whole(run_result(SUBJECTS[0]))._replace(faults=())
    path = tmp_path / "comment.md"
    path.write_text("" if kind == "markdown-append" else "an old comment")
    [note] = write_report(unchanged, Destination(kind=kind, path=path))
    assert path.read_text() == ""
    assert note.startswith("nothing changed, so ")
    assert note.endswith("; --carbon-report-always writes it anyway")
    asked = Destination(kind=kind, path=path, comment=Comment(always=True))
    assert write_report(unchanged, asked) == []
    assert path.read_text(encoding="utf-8").startswith("<!-- pytest-carbon -->")


def test_a_step_s_summary_is_not_driven_over_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("x" * (2**20 - 300))
    write_report(run_result(), Destination(kind="markdown-append", path=path))
    assert 2**20 - 300 < path.stat().st_size <= 2**20


def test_a_file_keeps_its_permissions_and_a_link_its_target(tmp_path: Path) -> None:
    target = tmp_path / "real.json"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link.json").symlink_to(target)
    write_report(run_result(), Destination(kind="json", path=tmp_path / "link.json"))
    assert (tmp_path / "link.json").is_symlink()
    assert target.read_text().startswith("{")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"real.json", "link.json"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # type: ignore[attr-defined, unused-ignore]
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_report(run_result(), Destination(kind="benchmark-json", path=pipe))
    reader.join(10)
    assert read[0].startswith("[")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
