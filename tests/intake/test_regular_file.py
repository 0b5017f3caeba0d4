"""Things that are no files, where a file is expected: refused with words, never waited for."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pytest_carbon.baseline.file import file_name
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.main import main
from pytest_carbon.errors import BaselineError, HistoryError, ResultFileError
from pytest_carbon.history.store import History
from pytest_carbon.intake.regular_file import read_regular
from pytest_carbon.resultfile.file import read_result
from tests.baseline_files import HEADER
from tests.results import ENVIRONMENT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has neither pipes nor devices")


def pipe(path: Path) -> None:
    os.mkfifo(path)  # type: ignore[attr-defined, unused-ignore]


def folder(path: Path) -> None:
    path.mkdir()


def listening_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:  # type: ignore[attr-defined, unused-ignore]
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        try:
            end.bind(path.name)
        finally:
            os.chdir(here)


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))  # type: ignore[attr-defined, unused-ignore]
    path.symlink_to(path.with_name("pipe"))


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no room


THINGS = {
    pipe: "it is a pipe, not a regular file",
    folder: "it is a folder, not a regular file",
    listening_socket: "it is a socket, not a regular file",
    link_to_a_device: "it is a device, not a regular file",
    link_to_a_pipe: "it is a pipe, not a regular file",
    too_large: "it has more than ",
}
thing = pytest.mark.parametrize(
    ("make", "words"), THINGS.items(), ids=[make.__name__ for make in THINGS]
)


@thing
def test_as_a_result(
    make: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "carbon.json"
    assert callable(make)
    make(path)
    with pytest.raises(ResultFileError, match=f"carbon.json cannot be read: {words}"):
        read_result(path)
    for command in ("report", "merge"):
        assert main([command, str(path)]) == 4
        assert capsys.readouterr().err.count("\n") == 1


@thing
def test_as_baselines(make: object, words: str, tmp_path: Path) -> None:
    path = tmp_path / file_name(ENVIRONMENT)
    assert callable(make)
    make(path)
    store = BaselineStore(tmp_path)
    with pytest.raises(BaselineError, match=f"cannot be read: {words}"):
        store.load(ENVIRONMENT)
    assert store.nearest(ENVIRONMENT._replace(cpu_count=9)) == ()
    assert [broken[0] for broken in store.survey().broken] == [path]


@pytest.mark.parametrize("make", [pipe, link_to_a_device, link_to_a_pipe])
def test_as_a_history(make: object, tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    assert callable(make)
    make(path)
    for use in (History(path).check, History(path).runs):
        with pytest.raises(HistoryError, match="cannot be used: it is no regular file"):
            use()


@thing
def test_as_a_side_of_a_merge(
    make: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(make)
    sides = [tmp_path / name for name in ("base", "ours", "theirs")]
    for side in sides[1:]:
        side.write_text(render(HEADER))
    make(sides[0])
    assert main(["merge-driver", *map(str, sides), "stored.json"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("pytest-carbon: stored.json: ")
    assert words in said
    assert sides[1].read_text() == render(HEADER)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"text")
    (tmp_path / "link").symlink_to("there")
    assert read_regular(tmp_path / "link", most_bytes=4).data == b"text"


def test_a_file_that_grows_while_it_is_read_has_its_limit() -> None:
    # Its size is said to be 0.
    path = Path("/proc/self/environ")
    if not path.exists():
        pytest.skip("there is no /proc")
    with pytest.raises(OSError, match="more than 1 bytes"):
        read_regular(path, most_bytes=1)


def test_baselines_of_blanks_take_no_more_than_their_limit(tmp_path: Path) -> None:
    path = tmp_path / file_name(ENVIRONMENT)
    with path.open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(BaselineError, match="more than 134,217,728 bytes, the most that is read"):
        BaselineStore(tmp_path).load(ENVIRONMENT)


@pytest.mark.parametrize("name", ["pytest.ini", "pyproject.toml"])
def test_settings_that_are_no_file_are_none_as_for_pytest(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert main(["intensity", "FRA"]) == 0
    assert "France" in capsys.readouterr().out
