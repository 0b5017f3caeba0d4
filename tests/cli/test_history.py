"""``pytest --carbon-history`` and ``pytest-carbon history``."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.cli.main import main
from pytest_carbon.history.store import History
from tests.history.test_store import numbered
from tests.results import run_result, subject, whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """Twelve runs, the last six of them at twice the energy."""
    monkeypatch.chdir(tmp_path)
    history = History(tmp_path / "carbon-history.sqlite")
    for number in range(12):
        energy_j = (1.0 if number < 6 else 2.0) * (1 + 0.01 * (number % 3))
        result = whole(run_result(subject("a.py::test_one", energy_j)))
        history.append(numbered(number, result))
    return history


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_every_run_is_appended(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile("def test_one(): pass")
    for _ in range(3):
        carbon("--carbon-history=kept/history.sqlite", "--carbon-report=html:carbon.html")
    kept = History(pytester.path / "kept" / "history.sqlite")
    assert len(kept.runs()) == 3
    assert kept.runs()[0].complete
    [found] = kept.find("test_one")
    assert len(kept.of(found)) == 3
    page = (pytester.path / "carbon.html").read_text(encoding="utf-8")
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert len(data["history"]) == 3


def test_an_unusable_history_is_an_error_before_the_tests(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile("def test_one(): pass")
    pytester.path.joinpath("text").write_text("no database" * 100)
    result = carbon("--carbon-history=text")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the history *text cannot be used: *: name another file*"])
    result.stdout.no_fnmatch_line("*passed*")


def test_the_trend_of_runs(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history"]) == 0
    found = lines(capsys)
    assert found[0] == "whole runs"
    assert len([line for line in found if line.startswith("2026-01-")]) == 12
    assert found[8].split()[4:6] == ["2.00", "J"]
    assert len(history.runs()) == 12


def test_a_part_of_the_suite_is_no_fall(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    part = run_result(subject("a.py::test_one", 0.001))
    part = part._replace(course=whole(part).course._replace(narrowed=("a.py",)))
    history.append(numbered(12, part))
    history.append(numbered(13, whole(run_result(subject("a.py::test_one", 2.02)))))
    main(["history"])
    before, after = lines(capsys)[-2:]
    assert before.endswith("a part of the suite")
    assert "%" not in before
    assert "-1.0 %" in after or "+0.0 %" in after


def test_the_trend_of_one_test_with_its_change(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ruptures", reason="the extra 'changepoints' is not installed")
    assert main(["history", "test_one", "--last", "12"]) == 0
    found = lines(capsys)
    assert found[0] == "test a.py::test_one"
    [changed] = [line for line in found if "level changed by" in line]
    assert changed.startswith("2026-01-07")
    assert "level changed by +100 %" in changed
    assert len(history.runs()) == 12


def test_json_and_page(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "test_one", "--json", "--html", "trend.html", "--last=5"]) == 0
    points = json.loads(capsys.readouterr().out)
    assert len(points) == 5
    assert points[-1]["energy_j"] == pytest.approx(2.04)
    assert (tmp_path / "trend.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(history.runs()) == 12


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_page_goes_to_a_pipe_that_somebody_reads(history: History, tmp_path: Path) -> None:
    assert history.runs()
    os.mkfifo(tmp_path / "pipe")  # type: ignore[attr-defined, unused-ignore]
    with ThreadPoolExecutor(1) as reader:
        page = reader.submit((tmp_path / "pipe").read_text, encoding="utf-8")
        assert main(["history", "--html", "pipe"]) == 0
        assert page.result().startswith("<!doctype html>")


def test_other_environments_are_left_out_and_named(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    result = numbered(20)
    other = result._replace(environment=result.environment._replace(cpu_model="Other"))
    history.append(other)
    main(["history"])
    found = lines(capsys)
    assert len([line for line in found if line.startswith("2026-01-")]) == 1
    assert "12 runs of other environments left out" in found[-1]
    assert main(["history", "--environment", run_result().environment.fingerprint]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no subject has 'nothing' in its name: give a test's id"),
        (["--file=none"], "there is no history in none: pytest --carbon --carbon-history=none"),
        (["--environment=x"], "no run is of the environment x: choose "),
        (["--last=0"], "'0' is no number of runs: write it like 30"),
        (["--html=."], "the page cannot be written to .: Is a directory: name a file"),
    ],
)
def test_bad_input(
    history: History, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["history", *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    assert status == 4
    assert message in capsys.readouterr().err
    assert len(history.runs()) == 12


def test_several_matches_are_listed(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    history.append(numbered(30))
    assert main(["history", "test_a.py"]) == 4
    error = capsys.readouterr().err
    assert "3 subjects have 'test_a.py' in their name: choose one: tests/test_a.py::" in error
