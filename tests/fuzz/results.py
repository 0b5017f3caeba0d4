"""Result files: rendered as every kind of report, joined, stored and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import read_baselines
from pytest_carbon.cli.cut_files import cut_files, judged_as_whole
from pytest_carbon.errors import ResultFileError
from pytest_carbon.gate.policy import Policy
from pytest_carbon.history.point import points
from pytest_carbon.history.store import History
from pytest_carbon.report import junit
from pytest_carbon.report.comment import Comment
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.terminal import summary_lines
from pytest_carbon.report.trend import trend_lines
from pytest_carbon.resultfile.file import read_result, result_from_text, write_result
from pytest_carbon.updates.join import SharedNames, join_results
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import plan_runs, preview_refresh
from tests.fuzz.check import Target, check_error, check_json, check_text
from tests.results import run_result

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.result.run import RunResult

_JSON = ("json", "badge", "benchmark-json", "bencher-json")
_COMMENT = Comment(link="https://ci.example.org/carbon.html", always=True)


def use_result(data: bytes, folder: Path) -> bool:
    """What ``report`` and ``merge`` do with a result."""
    path = folder / "carbon.json"
    path.write_bytes(data)
    try:
        result = read_result(path)
    except ResultFileError as error:
        check_error(error, path.name)
        return False
    _render(result)
    for part in result.by_environment():
        _join(part)
        _store(part)
    _keep(result, folder)
    return True


def _render(result: RunResult) -> None:
    for name, kind in KINDS.items():
        text = kind.render(result, points([result]), _COMMENT)
        if name in _JSON:
            check_json(text)
        else:
            check_text(text, is_log=name not in {"html", "openmetrics"})
    assert result_from_text(write_result(result), "written") == result
    for verbosity in (0, 1, 2):
        for line in summary_lines(result, verbosity=verbosity, rows=5, width=60):
            check_text(line.text)
    properties = junit.session_properties(result)
    for subject in result.subjects:
        properties += junit.test_properties(subject, 1.0, result.sci_of(subject))
    assert all(isinstance(value, str) for _, value in properties)


def _join(result: RunResult) -> None:
    other = run_result()._replace(environment=result.environment)
    shards = [SharedNames().of(one) for one in (result, other)]
    joined, cut = join_results(shards), cut_files(shards)
    if cut:
        stored = plan_runs(None, shards, Mode.ALL, Policy()).file
        joined = judged_as_whole(joined, cut, stored)
    for line in summary_lines(joined, verbosity=1, rows=5, width=100):
        check_text(line.text)


def _store(result: RunResult) -> None:
    policy = Policy(tolerance=result.tolerance, floor_j=result.floor_j)
    old = plan_runs(None, [result], Mode.ALL, policy)
    for done in (old, plan_runs(old.file, [result, result], Mode.CHANGED, policy)):
        check_text("\n".join(preview_refresh(done)))
        read_baselines(render(done.file).encode(), "stored")


def _keep(result: RunResult, folder: Path) -> None:
    if result.origin is None:
        return
    history = History(folder / "history.sqlite")
    history.append(result)
    check_text("\n".join(trend_lines(history.runs())))
    for subject in history.find(""):
        assert history.of(subject)


TARGETS = {"result": Target(use_result)}
