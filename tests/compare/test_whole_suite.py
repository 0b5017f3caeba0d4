"""How often all tests run again for their sums."""

from __future__ import annotations

import io
import math
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.compare.pairs import Mode
from pytest_carbon.compare.progress import Progress
from pytest_carbon.compare.record import Record
from pytest_carbon.compare.whole_suite import WholeSuite
from pytest_carbon.gate.pairs.suspects import Pair, PairedPolicy
from pytest_carbon.gate.pairs.whole_suite import MOST_PASSES, SumOutcome
from pytest_carbon.gate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds that one pass of the tests takes.
PASS_S = 4.0


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The sum of tests whose passes contradict each other, so that it stays undecided."""
    pairs = count()

    def pair(_test: Record, _processes: object) -> Pair:
        rises = next(pairs) // 6 % 2 == 0
        return Pair(0.1, 0.1 * (1.2 if rises else 0.85), 1)

    monkeypatch.setattr("pytest_carbon.compare.whole_suite.take_pair", pair)
    clock_s = count(0.0, PASS_S)

    def judge(verdict: Verdict | None) -> Any:
        tests = [Record(f"test_a.py::test_{n}", Mode.IN_TURN, PairedPolicy()) for n in range(7)]
        for test in tests:
            test.early.append(Pair(0.1, 0.101, 1))
        tests[0].verdict = verdict
        generations: Any = SimpleNamespace(
            close=lambda: None, processes=lambda: SimpleNamespace(close=lambda: None)
        )
        suite = WholeSuite(
            generations, PairedPolicy(), Progress(io.StringIO()), clock_s=lambda: next(clock_s)
        )
        explainer: Any = None
        [whole] = suite.judge(tests, explainer)
        return whole.verdict

    return judge


def test_an_undecided_sum_takes_all_passes(judged: Callable[..., Any]) -> None:
    whole = judged(None)
    assert whole.outcome is SumOutcome.OPEN
    assert whole.passes == MOST_PASSES


def test_a_failed_comparison_keeps_the_sums_of_its_first_pass(judged: Callable[..., Any]) -> None:
    """People wait for the name of the test, and the sums are of what is left."""
    regressed = Verdict(outcome=Outcome.REGRESSED, now_j=0.2, baseline_j=0.1)
    whole = judged(regressed)
    assert whole.outcome is SumOutcome.OPEN
    assert whole.passes == 1
    assert math.isfinite(whole.high)
