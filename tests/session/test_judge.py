"""The judge: one run of a subject against its baseline, as often as it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.session.judge import Judge
from tests.results import INTENSITY, cost, subject

if TYPE_CHECKING:
    import pytest

    from pytest_carbon.result.subject import SubjectResult

SPREAD = Spread(centre_j=1.0, sd_log=0.05, samples=10, processes=10)


def ran(energy_j: float, tolerance: float | None = None) -> SubjectResult:
    return subject("test_a.py::test_one")._replace(
        total=cost(energy_j), tolerance=tolerance, verdict=None, budget_j=None, worst_j=None
    )


def judge() -> Judge:
    entries = {ran(1.0).subject: Entry(first=SPREAD, look=SPREAD, sensitivity=0.9)}
    return Judge(entries, Policy(), INTENSITY, method="model", follows_speed=True)


def test_the_bounds_of_a_subject_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Entry] = []
    make = Bounds.of

    def counted(entry: Entry, policy: Policy, suite_sd: float, screen_sds: float) -> Bounds:
        made.append(entry)
        return make(entry, policy, suite_sd, screen_sds)

    one = judge()
    one.verdict(ran(1.0))
    monkeypatch.setattr(Bounds, "of", counted)
    for energy_j in (1.0, 1.5):
        one.is_open(ran(energy_j))
        one.verdict(ran(energy_j))
    assert not made
    one.verdict(ran(1.0, tolerance=0.5))
    assert len(made) == 1


def test_a_marker_gives_a_subject_bounds_of_its_own() -> None:
    one = judge()
    assert one.is_open(ran(1.5))
    assert not one.is_open(ran(1.5, tolerance=1.0))
    verdict = one.verdict(ran(1.5, tolerance=1.0))
    assert verdict is not None
    assert (verdict.outcome, verdict.tolerance) == (Outcome.OK, 1.0)


def test_a_noisy_test_is_suspect_sooner_where_the_figures_of_others_are_steady() -> None:
    """Not where none is corrected for the speed of the core: all would be measured again."""
    noisy = SPREAD._replace(sd_log=0.15)
    steady = {
        subject(f"test_a.py::test_{n}").subject: Entry(first=SPREAD, look=SPREAD, wall_s=1.0)
        for n in range(20)
    }
    entries = {**steady, ran(1.0).subject: Entry(first=noisy, look=noisy, wall_s=1.0)}
    for follows_speed in (True, False):
        one = Judge(entries, Policy(), INTENSITY, method="model", follows_speed=follows_speed)
        assert one.is_open(ran(1.15)) is follows_speed
