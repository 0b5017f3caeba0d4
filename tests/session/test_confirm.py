"""Looks at a suspect, with processes that answer as told."""

from __future__ import annotations

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import DomainEnergy, Measurement, Method
from pytest_carbon.session.confirm import Confirmer, Pass

ENTRY = Entry(
    first=Spread(centre_j=1.0, sd_log=0.05, samples=8, processes=8),
    repeats=Spread(centre_j=1.0, sd_log=0.05, samples=40, processes=8),
    cpu_s=0.1,
    wall_s=0.1,
)


def costs(energy_j: float) -> Measurement:
    energy = DomainEnergy("cpu", energy_j, 0.0, Method.MODELLED)
    return Measurement(cpu_s=0.1, wall_s=0.1, work_s=0.1, energies=(energy,))


def suspect(now_j: float) -> Suspect:
    return Suspect(entry=ENTRY, first_j=now_j, policy=Policy())


def confirmer(here_j: float | None, first_j: float, fresh_j: float | str) -> Confirmer:
    def fresh(repeats: int) -> list[Pass] | str:
        if isinstance(fresh_j, str):
            return fresh_j
        return [Pass(costs(first_j)), *(Pass(costs(fresh_j)) for _ in range(repeats))]

    return Confirmer(
        repeat=lambda: None if here_j is None else costs(here_j),
        fresh=fresh,
        clock_s=lambda: 0.0,
        sleep=lambda _: None,
    )


def test_a_rise_that_fresh_processes_show_too_is_a_regression() -> None:
    assert confirmer(3.0, 3.0, 3.0).verdict(suspect(3.0)).outcome is Outcome.REGRESSED


def test_repeats_that_cost_as_before_clear_a_suspect() -> None:
    assert confirmer(1.0, 1.0, 1.0).verdict(suspect(1.3)).outcome is Outcome.OK


def test_what_a_lone_first_run_pays_convicts_nobody() -> None:
    """Alone, a first run imports what earlier tests have imported in a whole run."""
    assert confirmer(3.0, 9.0, 1.0).verdict(suspect(3.0)).outcome is not Outcome.REGRESSED


def test_a_test_that_fails_when_run_again_stays_open() -> None:
    verdict = confirmer(None, 1.0, 1.0).verdict(suspect(3.0))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "not repeatable" in verdict.reason


def test_without_fresh_processes_its_own_has_to_do() -> None:
    verdict = confirmer(3.0, 3.0, "the port is taken").verdict(suspect(3.0))
    assert verdict.outcome in {Outcome.REGRESSED, Outcome.INCONCLUSIVE}
    assert not verdict.reason.startswith("not repeatable")
