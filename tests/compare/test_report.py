"""The reports of a comparison that is finished."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from pytest_carbon.compare.as_json import as_json
from pytest_carbon.compare.progress import Progress
from pytest_carbon.compare.report import as_text
from pytest_carbon.compare.result import ComparedTest, Comparison
from pytest_carbon.gate.verdict import Outcome, Verdict


def compared(name: str, outcome: Outcome, ratio: float = 1.0) -> ComparedTest:
    verdict = Verdict(
        outcome=outcome,
        now_j=0.08 * ratio,
        baseline_j=0.08,
        low=ratio * 0.98,
        high=ratio * 1.02,
        can_see=0.1,
    )
    return ComparedTest(test=name, verdict=verdict, pairs=20, mode="together")


def comparison(*tests: ComparedTest, is_aa: bool = False) -> Comparison:
    return Comparison(
        base="main (1234567)",
        head="the working tree",
        tests=tests,
        new=("t.py::added",),
        gone=tuple(f"t.py::gone{number}" for number in range(12)),
        tolerance=0.05,
        method="a model",
        proof="base ran lib from base:lib.py",
        once_s=2.0,
        wall_s=3.0,
        suspects=1,
        is_aa=is_aa,
        notes=("a note",),
    )


REGRESSED = compared("t.py::slow", Outcome.REGRESSED, 1.10)
OK = compared("t.py::same", Outcome.OK)
LEFT_OUT = ComparedTest(test="t.py::odd", verdict=None, pairs=0, mode="", why="failed on head")


def test_the_table_shows_findings_first_with_their_numbers() -> None:
    lines = list(as_text(comparison(OK, REGRESSED, LEFT_OUT), verbose=False))
    rows = [line for line in lines if "t.py::slow" in line or "t.py::same" in line]
    assert [row.split()[0] for row in rows] == ["t.py::slow", "t.py::same"]
    assert [row.split()[-2:] for row in rows] == [["20", "regressed"], ["20", "ok"]]
    assert rows[0].split()[1:7] == ["80.0", "mJ", "88.0", "mJ", "+10", "%"]
    text = "\n".join(lines)
    assert "not compared: t.py::odd: failed on head" in text
    assert "new (only head has it): t.py::added" in text
    assert "gone: 2 more" in text
    assert "note: a note" in text
    assert "method: measured, a model" in text
    assert "1 regressed, 1 ok; tolerance +5.0 %, 40 pairs" in text


@pytest.mark.parametrize("width", [80, 120])
def test_names_stay_readable_in_a_terminal(width: int) -> None:
    name = "tests/deep/test_prevention.py::TestDoS::test_very_large_token_list_is_limited"
    tests = [compared(f"{name}[{number}]", Outcome.REGRESSED, 2.0) for number in range(3)]
    lines = list(as_text(comparison(*tests), verbose=False, width=width))
    rows = [line for line in lines if "test_" in line and " mJ" in line]
    assert len(rows) == 3
    assert max(map(len, rows)) <= width
    for number, row in enumerate(rows):
        file, _, test = row.split("  ")[0].partition("::")
        assert file.endswith(".py")
        assert test.rstrip().endswith(f"[{2 - number}]") or test.rstrip().endswith(f"[{number}]")


def test_the_method_is_short_and_whole_with_verbose() -> None:
    model = "model of AMD EPYC: 1.54 W per busy hardware thread, 0.74 W idle; clock: perf"
    of_a_model = replace(comparison(OK), method=model)
    assert "method: modelled, AMD EPYC, 1.54 W/thread" in list(as_text(of_a_model, verbose=False))
    assert f"method: {model}" in list(as_text(of_a_model, verbose=True))


def test_many_unchanged_tests_are_counted_and_not_shown() -> None:
    tests = [compared(f"t.py::{number}", Outcome.OK) for number in range(30)]
    text = "\n".join(as_text(comparison(*tests), verbose=False))
    assert "and 20 more, ok or too small to gate; -v shows all" in text
    assert "more, ok" not in "\n".join(as_text(comparison(*tests), verbose=True))


def test_json_holds_every_figure() -> None:
    plain = json.loads(json.dumps(as_json(comparison(OK, REGRESSED, LEFT_OUT))))
    assert plain["schema"] == 1
    assert plain["exit_status"] == 1
    by_name = {test["test"]: test for test in plain["tests"]}
    assert by_name["t.py::slow"]["verdict"]["ratio"] == pytest.approx(1.1)
    assert by_name["t.py::odd"]["verdict"] is None


@pytest.mark.parametrize(
    ("tests", "status"), [((OK, LEFT_OUT), 0), ((OK, REGRESSED), 1), ((LEFT_OUT,), 5), ((), 5)]
)
def test_a_ci_job_can_tell_the_results_apart(tests: tuple[ComparedTest, ...], status: int) -> None:
    assert comparison(*tests).exit_status == status


def test_base_against_itself_says_how_little_no_alarm_proves() -> None:
    tests = [compared(f"t.py::{number}", Outcome.OK) for number in range(20)]
    text = "\n".join(as_text(comparison(*tests, is_aa=True), verbose=False))
    assert "0 false alarms in 20 tests (which excludes no rate below 15% a test)" in text
    assert "found in 95 % of the cases here: +10 % for half of the tests" in text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_tells_what_is_left_and_how_long_it_takes() -> None:
    terminal = Terminal()
    now_s = 0.0
    progress = Progress(terminal, clock_s=lambda: now_s)
    progress.step("suspects", 0, 3, 60.0)
    now_s = 1.0
    progress.step("suspects", 1, 3, 40.0)
    progress.done()
    shown = terminal.getvalue().split("\r")
    assert shown[1] == "suspects: 3 of 3 left"
    assert shown[2] == "suspects: 2 of 3 left, about 40.0 s"
    assert shown[3].isspace()


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    stream = io.StringIO()
    now_s = 0.0
    progress = Progress(stream, clock_s=lambda: now_s)
    for number in range(100):
        now_s = number * 1.0
        progress.step("suspects", number, 100, None)
    assert len(stream.getvalue().splitlines()) == 5
