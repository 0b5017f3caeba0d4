"""Workers that are killed: what they had reported is kept, judged and stored, the loss named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind

if TYPE_CHECKING:
    import pytest

    from tests.session.cases.conftest import Suite

TESTS = """
    import os
    import signal
    import pytest
    from work import COST, work

    @pytest.mark.parametrize("n", range(12))
    def test_n(n):
        if COST > 0.05 and n in (2, 5, 9):
            os.kill(os.getpid(), signal.SIGKILL)
        work()
    """


def stored(pytester: pytest.Pytester) -> dict[str, object]:
    (file,) = (pytester.path / "baselines").iterdir()
    entries: dict[str, object] = json.loads(file.read_text())["test"]
    return entries


def with_baselines(pytester: pytest.Pytester, suite: Suite) -> dict[str, object]:
    """Make the tests, and store what they cost before the change."""
    pytester.makepyfile(TESTS)
    suite.store().assert_outcomes(passed=12)
    return stored(pytester)


def test_of_several_killed_workers_no_result_is_lost(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    before = with_baselines(pytester, suite)
    gated = suite.gate("-n2", "--carbon-confirm-time=0", "--carbon-inconclusive=fail")
    gated.assert_outcomes(failed=12)
    crashed = [line for line in gated.outlines if "crashed while running" in line]
    assert len({line for line in crashed if line.startswith("FAILED")}) == 3
    judged = [s.verdict for s in suite.result.of(Kind.TEST)]
    assert len(judged) == 9, "each test that came to its end"
    assert all(verdict is not None for verdict in judged)
    assert suite.result.course.lost_workers == 3
    for worker in ("gw0", "gw1"):
        assert any(worker in note for note in suite.result.notes if "was lost" in note)
    assert stored(pytester) == before


def test_a_run_that_a_kill_ends_stores_what_had_passed_and_removes_nothing(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    before = with_baselines(pytester, suite)
    suite.gate("-n1", "--max-worker-restart=0", "--carbon-update=all", "--carbon-confirm-time=0")
    result = suite.result
    assert "9 of 12 selected tests did not run" in result.course.cut_short
    assert result.course.lost_workers == 1
    passed = {s.subject.id for s in result.of(Kind.TEST) if s.test_outcome == "passed"}
    assert {test.rpartition("::")[2] for test in passed} == {"test_n[0]", "test_n[1]"}
    after = stored(pytester)
    assert set(after) == set(before)
    assert {test for test in before if before[test] != after[test]} == passed
