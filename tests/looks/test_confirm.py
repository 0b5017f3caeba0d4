"""Suspects before looks that answer as told."""

from __future__ import annotations

import pytest

from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.looks.answer import Sample, UnitAnswer
from pytest_carbon.looks.confirm import BETWEEN_LOOKS_S, confirm, repeats_for
from pytest_carbon.looks.order import OUT_OF_TIME, AskedTask
from tests.looks.conftest import WALL_S, Host, against_baseline, against_budget, cost, run_for

ONE, TWO, THREE = "t.py::test_one", "t.py::test_two", "t.py::test_three"


def judged(
    host: Host, *questions: object, confirm_time_s: float = 30.0, bounded: bool = True
) -> list[Verdict]:
    return confirm(
        list(questions),  # type: ignore[arg-type]
        host.taker,
        confirm_time_s=confirm_time_s,
        bounded=bounded,
        clock_s=host.clock_s,
        pause=host.pause,
    )


def outcomes(verdicts: list[Verdict]) -> list[Outcome]:
    return [verdict.outcome for verdict in verdicts]


def test_nothing_is_started_where_nothing_is_asked() -> None:
    host = Host()
    assert judged(host) == []
    assert (host.orders, host.pauses) == ([], [])


def test_a_rise_that_two_looks_show_is_a_regression() -> None:
    host = Host({ONE: 3.0})
    (verdict,) = judged(host, against_baseline(ONE))
    assert verdict.outcome is Outcome.REGRESSED
    assert len(host.orders) == 2


def test_one_look_clears_an_unlucky_run() -> None:
    host = Host({ONE: 1.0})
    (verdict,) = judged(host, against_baseline(ONE, 1.3))
    assert verdict.outcome is Outcome.OK
    assert len(host.orders) == 1


def test_all_suspects_share_looks_and_leave_them_once_decided() -> None:
    host = Host({ONE: 3.0, TWO: 1.0, THREE: 3.0})
    verdicts = judged(host, *map(against_baseline, (ONE, TWO, THREE)))
    assert outcomes(verdicts) == [Outcome.REGRESSED, Outcome.OK, Outcome.REGRESSED]
    assert host.looked_at == [[ONE, TWO, THREE], [ONE, THREE]]


def test_looks_lie_apart_as_the_speed_of_a_core_lasts() -> None:
    host = Host({ONE: 3.0})
    judged(host, against_baseline(ONE))
    first, second = host.pauses
    assert first == 0.0
    assert second == pytest.approx(BETWEEN_LOOKS_S)


def test_several_questions_about_a_test_share_its_runs() -> None:
    host = Host({ONE: 3.0})
    verdicts = judged(host, against_baseline(ONE), against_budget(ONE))
    assert outcomes(verdicts) == [Outcome.REGRESSED, Outcome.OVER_BUDGET]
    assert host.looked_at == [[ONE], [ONE]]


def test_a_question_that_is_decided_is_not_asked_again_beside_an_open_one() -> None:
    host = Host({ONE: [1.1, 1.15, 1.15]})
    verdicts = judged(host, against_baseline(ONE, 1.3), against_budget(ONE, 1.3))
    assert verdicts[1].outcome is Outcome.OVER_BUDGET
    assert verdicts[0].looks <= verdicts[1].looks


def test_a_first_look_is_told_what_is_enough_and_later_ones_are_not() -> None:
    host = Host({ONE: 3.0})
    judged(host, against_baseline(ONE))
    (first,), (second,) = (order.units for order in host.orders)
    assert len(first.enough_j) == first.repeats
    assert second.enough_j == ()


def test_a_look_that_ended_early_clears_by_what_it_has_seen() -> None:
    host = Host({ONE: UnitAnswer(first=Sample(cost(1.0)), is_enough=True)})
    (verdict,) = judged(host, against_baseline(ONE, 1.3))
    assert verdict.outcome is Outcome.OK


def test_a_test_that_cannot_run_twice_is_cleared_by_its_first_run() -> None:
    once = UnitAnswer(first=Sample(cost(1.0)), problem="it failed (the port is taken)")
    host = Host({ONE: once})
    (verdict,) = judged(host, against_baseline(ONE, 1.3))
    assert verdict.outcome is Outcome.OK


def test_a_test_that_cannot_run_twice_stays_open_and_says_why() -> None:
    once = UnitAnswer(first=Sample(cost(3.0)), problem="it failed (the port is taken)")
    host = Host({ONE: once})
    (verdict,) = judged(host, against_baseline(ONE))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "cannot run twice" in verdict.reason
    assert verdict.reason.endswith(": it failed (the port is taken)")


def test_a_test_that_could_not_run_twice_is_not_asked_to_again() -> None:
    once = UnitAnswer(first=Sample(cost(3.0)), problem="it failed (the port is taken)")
    host = Host({ONE: [once, 3.0]})
    (verdict,) = judged(host, against_budget(ONE))
    assert verdict.outcome is Outcome.OVER_BUDGET
    assert [order.units[0].repeats for order in host.orders] == [4, 0]


def test_a_test_that_does_not_pass_in_a_look_stays_open() -> None:
    host = Host({ONE: UnitAnswer(problem="it failed (assert 0)"), TWO: 3.0})
    verdicts = judged(host, against_baseline(ONE), against_baseline(TWO))
    assert outcomes(verdicts) == [Outcome.INCONCLUSIVE, Outcome.REGRESSED]
    assert verdicts[0].reason == "measured again: it failed (assert 0)"


def test_a_look_that_fails_as_a_whole_leaves_all_of_its_tests_open() -> None:
    failed = UnitAnswer(problem="pytest ended with exit status 4")
    host = Host({ONE: failed, TWO: failed})
    verdicts = judged(host, against_baseline(ONE), against_budget(TWO))
    assert outcomes(verdicts) == [Outcome.INCONCLUSIVE] * 2
    assert all("exit status 4" in verdict.reason for verdict in verdicts)
    assert len(host.orders) == 1


def test_a_later_look_that_fails_keeps_what_was_found_before() -> None:
    host = Host({ONE: [3.0, UnitAnswer(problem="it was ended by signal 9")]})
    (verdict,) = judged(host, against_baseline(ONE))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.ratio == pytest.approx(3.0)
    assert verdict.looks == 2


def test_a_suspect_that_has_used_its_time_stays_open_and_names_the_option() -> None:
    host = Host({ONE: 3.0, TWO: 3.0})
    verdicts = judged(host, against_baseline(ONE), against_budget(TWO), confirm_time_s=4.5 * WALL_S)
    assert outcomes(verdicts) == [Outcome.INCONCLUSIVE] * 2
    assert OUT_OF_TIME in verdicts[0].reason
    assert OUT_OF_TIME in verdicts[1].reason
    assert "--carbon-confirm-time" in OUT_OF_TIME


def test_the_time_of_a_run_is_bounded_and_the_most_urgent_come_first() -> None:
    """Ten times what one suspect may take, and a first look is of no use without a second."""
    names = [f"t.py::test_{number}" for number in range(8)]
    host = Host(dict.fromkeys(names, 3.0))
    # A test of 1 s runs twice in a look; two looks at three of them fit into 13 s.
    questions = [against_baseline(name, 2.0 + at, wall_s=1.0) for at, name in enumerate(names)]
    verdicts = judged(host, *questions, confirm_time_s=1.3)
    assert set(host.looked_at[0]) == set(names[-3:])
    decided = [at for at, one in enumerate(verdicts) if one.outcome is Outcome.REGRESSED]
    assert set(decided) >= {5, 6, 7}
    assert host.left[0] == pytest.approx(13.0), "each look is told when all have to end"


def test_what_does_not_fit_is_out_of_confirm_time() -> None:
    slow = UnitAnswer(first=Sample(cost(3.0, wall_s=4.0)), repeats=(Sample(cost(3.0, 4.0)),))
    host = Host({ONE: slow, TWO: slow})
    questions = [against_baseline(ONE, 9.0, wall_s=4.0), against_baseline(TWO, wall_s=4.0)]
    urgent, other = judged(host, *questions, confirm_time_s=1.7)
    assert urgent.outcome is Outcome.INCONCLUSIVE
    assert (other.outcome, other.reason) == (Outcome.INCONCLUSIVE, OUT_OF_TIME)
    assert all(TWO not in looked_at for looked_at in host.looked_at[:1])


def test_the_thorough_mode_measures_everything_however_long_it_takes() -> None:
    names = [f"t.py::test_{number}" for number in range(8)]
    host = Host(dict.fromkeys(names, 1.0))
    policy = Policy().in_thorough_mode()
    questions = [against_baseline(name, 1.0, wall_s=60.0, policy=policy) for name in names]
    verdicts = judged(host, *questions, confirm_time_s=1.0, bounded=False)
    assert outcomes(verdicts) == [Outcome.OK] * 8
    assert host.left == [None, None]
    assert host.looked_at[0] == names


def test_a_task_is_held_against_its_own_cost() -> None:
    task = AskedTask("load", 0.9)
    sample = Sample(cost(1.0), tasks=(cost(3.0),))
    host = Host({ONE: UnitAnswer(first=sample, repeats=(sample,) * 4)})
    whole, part = judged(host, against_baseline(ONE), against_baseline(ONE, task=task))
    assert (whole.outcome, part.outcome) == (Outcome.OK, Outcome.REGRESSED)
    assert host.orders[0].asks[0].tasks == (task,)


@pytest.mark.parametrize("told", [(None,), ()])
def test_a_task_that_did_not_run_again_stays_open(told: tuple[None, ...]) -> None:
    sample = Sample(cost(3.0), tasks=told)
    host = Host({ONE: UnitAnswer(first=sample, repeats=(sample,) * 4)})
    (verdict,) = judged(host, against_budget(ONE, task=AskedTask("load", 0.9, worst=True)))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the task did not run" in verdict.reason


def test_a_figure_that_is_not_known_decides_nothing() -> None:
    lost = Sample(cost(3.0)._replace(missing=("rapl",)))
    host = Host({ONE: UnitAnswer(first=lost, repeats=(lost,) * 4)})
    (verdict,) = judged(host, against_baseline(ONE))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "a meter was lost" in verdict.reason


def test_short_tests_of_a_file_are_one_unit() -> None:
    host = Host({ONE: 3.0})
    question = against_baseline(ONE)._replace(tested=run_for(ONE, TWO))
    judged(host, question)
    (unit,) = host.orders[0].units
    assert unit.tests == (ONE, TWO)
    assert [ask.test for ask in host.orders[0].asks] == [ONE, TWO]


@pytest.mark.parametrize(
    ("wall_s", "confirm_time_s", "timeout_s"),
    [
        pytest.param(0.1, 30.0, 10.0, id="a quick one may take the time of a slow start"),
        pytest.param(1.0, 30.0, 20.0, id="twenty times as long as it took"),
        pytest.param(10.0, 30.0, 30.0, id="but not longer than a suspect may take"),
        pytest.param(60.0, 30.0, 120.0, id="unless it takes that long by itself"),
    ],
)
def test_a_run_in_a_look_may_take_so_long(
    wall_s: float, confirm_time_s: float, timeout_s: float
) -> None:
    host = Host({ONE: 1.0})
    judged(host, against_baseline(ONE, wall_s=wall_s), confirm_time_s=confirm_time_s)
    assert host.orders[0].asks[0].timeout_s == timeout_s


def test_a_look_is_announced_and_told_what_the_session_knows() -> None:
    announced: list[list[str]] = []
    host = Host({ONE: 1.0, TWO: 1.0})
    confirm(
        [against_baseline(ONE), against_baseline(TWO)],
        host.taker._replace(announce=lambda tests: announced.append(list(tests))),
        confirm_time_s=30.0,
        clock_s=host.clock_s,
        pause=host.pause,
    )
    assert announced == host.looked_at
    (order,) = host.orders
    assert (order.reference_ns, order.probe, order.seed) == (1000.0, "edges-words14", 7)


@pytest.mark.parametrize(
    ("wall_s", "repeats"), [(0.001, 4), (0.4, 4), (0.5, 3), (0.9, 1), (60.0, 1)]
)
def test_long_tests_run_again_less_often(wall_s: float, repeats: int) -> None:
    assert repeats_for(wall_s) == repeats
