"""What a process of a side answers, and what a test may have made of that."""

from __future__ import annotations

import json
import socket
import sys

import pytest

from pytest_carbon.compare.line import Line, LineLostError
from pytest_carbon.compare.pairs import problem_of
from pytest_carbon.compare.process import Process, Run
from pytest_carbon.errors import CompareError
from pytest_carbon.resultfile.codec import to_plain
from tests.results import cost

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="compare needs Unix sockets")

PASSED = {"outcome": "passed", "reason": "", "cost": to_plain(cost(2.0)), "apart": False}


def answer(text: bytes) -> Run:
    """What is made of the answer of a process that has said this and ended."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(text)
        theirs.close()
        return Process(Line(ours), None).finish()


def test_a_passed_run_has_its_cost() -> None:
    run = answer(json.dumps(PASSED).encode() + b"\n")
    assert run == Run("passed", cost=cost(2.0))


def test_a_passed_run_that_was_not_measured_makes_no_pair() -> None:
    run = answer(b'{"outcome": "passed"}\n')
    assert problem_of(run, Run("passed", cost=cost(2.0))) == "it was not measured"


def test_an_error_of_another_plugin_is_a_run_without_a_cost() -> None:
    run = answer(b'{"outcome": "error", "reason": "RuntimeError: no"}\n')
    assert run == Run("error", "RuntimeError: no")


def test_a_fault_of_measuring_ends_the_comparison_with_a_remedy() -> None:
    with pytest.raises(CompareError, match="the meter is gone: run pytest-carbon doctor there"):
        answer(b'{"outcome": "fault", "reason": "the meter is gone"}\n')


@pytest.mark.parametrize(
    "text",
    [
        b"Segmentation fault\n",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b"[]\n",
        b"{}\n",
        b'{"outcome": "passed", "cost": {"cpu_s": "long"}}\n',
        json.dumps({**PASSED, "cost": to_plain(cost(1e300))}).encode() + b"\n",
        b"",
    ],
)
def test_what_a_test_has_written_into_the_line_costs_that_test_only(text: bytes) -> None:
    with pytest.raises(LineLostError):
        answer(text)
