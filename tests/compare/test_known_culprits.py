"""Which rises a known culprit accounts for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.compare.known_culprits import KnownCulprits
from pytest_carbon.compare.pairs import Mode, SideLostError
from pytest_carbon.compare.record import Record
from pytest_carbon.explain.culprit import Culprit, Explanation
from pytest_carbon.explain.spent import Lines, Spent
from pytest_carbon.gate.pairs.suspects import Pair, PairedPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

PRICE = Culprit("shop.py", 12, "price", 0.010, True)
CART = Culprit("shop.py", 30, "cart", 0.002, True)


PLACES: Any = SimpleNamespace(lines=lambda *_: Lines("shop.py", 12, 20))


def record(name: str, base_j: float, head_j: float) -> Record:
    test = Record(name, Mode.IN_TURN, PairedPolicy())
    test.early.append(Pair(base_j, head_j, 1))
    return test


def explained(name: str, rise_j: float, *culprits: Culprit) -> Record:
    test = record(name, 0.02, 0.02 + rise_j)
    test.explanation = Explanation(rise_j, culprits)
    return test


class Side:
    """Head, and how long each of its tests is in ``price``; tests without a time end it.

    Some lose time, there or elsewhere, and CPU time takes twice as long to tell.
    """

    def __init__(self, **times_s: float) -> None:
        self.times_s = times_s
        self.lost_s: dict[str, float] = {}
        self.lost_in_culprit: set[str] = set()
        self.runs: list[str] = []
        self.started = 0

    def processes(self) -> Any:
        self.started += 1
        return self

    def run(self, test: str, _mode: Mode) -> None:
        """Warms up."""

    def spent(
        self, test: str, _mode: Mode, functions: Sequence[Lines], *, is_cpu_time: bool
    ) -> Spent:
        self.runs.append(test)
        if test not in self.times_s:
            raise SideLostError(["head"], "it ended")
        assert functions == [Lines("shop.py", 12, 20)]
        if is_cpu_time:
            return Spent((2 * self.times_s[test],), wall_s=0.1)
        lost_s = self.lost_s.get(test, 0.0)
        in_culprit_s = lost_s if test in self.lost_in_culprit else 0.0
        return Spent((self.times_s[test] + in_culprit_s,), lost_s, wall_s=0.1)

    def close(self) -> None:
        self.started -= 1


def known(side: Side) -> KnownCulprits:
    """``price`` adds 1 J for each second that is spent in it, as two tests show."""

    side.times_s |= {"one": 0.010, "two": 0.004}
    culprits = KnownCulprits(PLACES, side.processes)
    culprits.learn([explained("one", 0.010, PRICE), explained("two", 0.004, PRICE)])
    assert not culprits.is_empty
    return culprits


def test_a_rise_that_fits_the_time_in_a_culprit_is_explained_by_it() -> None:
    test = record("third", 0.02, 0.026)
    known(Side(third=0.005)).explain(test)
    assert test.why == "explained by shop.py:12 price"
    assert test.explanation is not None
    [culprit] = test.explanation.culprits
    assert culprit.energy_j == pytest.approx(0.005)
    assert test.explanation.rise_j == pytest.approx(0.006)


@pytest.mark.parametrize(
    ("lost_s", "added_j", "runs"),
    [
        pytest.param(0.001, 0.004, 1, id="enough is certain"),
        pytest.param(0.050, 0.005, 2, id="another run tells by CPU time"),
    ],
)
def test_time_that_a_test_loses_is_none_that_it_spends(
    lost_s: float, added_j: float, runs: int
) -> None:
    side = Side(third=0.005)
    side.lost_s["third"] = lost_s
    test = record("third", 0.02, 0.026)
    known(side).explain(test)
    assert test.explanation is not None
    assert test.explanation.culprits[0].energy_j == pytest.approx(added_j)
    assert side.runs.count("third") == runs


def test_on_a_busy_machine_cpu_time_is_asked_for_at_once() -> None:
    names = [f"test-{number}" for number in range(5)]
    side = Side(**dict.fromkeys(names, 0.005))
    side.lost_s = dict.fromkeys(names, 0.050)
    culprits = known(side)
    tests = [record(name, 0.02, 0.026) for name in names]
    for test in tests:
        culprits.explain(test)
    assert not any(test.is_open for test in tests)
    assert [side.runs.count(name) for name in names] == [2, 2, 2, 1, 1]


def test_what_a_test_lost_explains_nothing() -> None:
    """One of 0.1 s may have waited for 50 ms in the culprit, where 1 ms of CPU time is spent."""
    side = Side(third=0.001)
    side.lost_s["third"] = 0.05
    side.lost_in_culprit.add("third")
    test = record("third", 0.02, 0.026)
    known(side).explain(test)
    assert test.is_open


@pytest.mark.parametrize(
    ("base_j", "head_j", "spent_s", "why"),
    [
        (0.02, 0.04, 0.005, "three quarters of the rise come from elsewhere"),
        (0.20, 0.201, 0.005, "the culprit alone keeps within the tolerance"),
        (0.02, 0.019, 0.005, "it did not rise"),
        (0.02, 0.03, 0.0, "it does not call the culprit"),
    ],
)
def test_other_tests_are_measured(base_j: float, head_j: float, spent_s: float, why: str) -> None:
    test = record("third", base_j, head_j)
    known(Side(third=spent_s)).explain(test)
    assert test.is_open, why


def test_a_test_that_ends_its_process_is_left_to_others() -> None:
    side = Side(third=0.005)
    culprits = known(side)
    lost, test = record("lost", 0.02, 0.03), record("third", 0.02, 0.026)
    culprits.explain(lost)
    culprits.explain(test)
    assert lost.is_open
    assert not test.is_open
    assert side.started == 2
    culprits.close()
    assert side.started == 1


def test_a_second_question_takes_no_second_run() -> None:
    side = Side(third=0.005)
    culprits = known(side)
    test = record("third", 0.02, 0.04)
    culprits.explain(test)
    assert test.is_open
    test.early += [Pair(0.02, 0.025, 1), Pair(0.02, 0.024, 1)]
    culprits.explain(test)
    assert test.explanation is not None
    assert side.runs.count("third") == 1


def test_a_culprit_that_one_test_alone_names_explains_no_other() -> None:
    side = Side(one=0.010, two=0.004)
    culprits = KnownCulprits(PLACES, side.processes)
    culprits.learn([explained("one", 0.010, PRICE), explained("two", 0.002, CART)])
    assert culprits.is_empty
    assert not side.runs
