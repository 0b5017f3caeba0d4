"""Joining runs: which tests count, and at which speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.baseline.entry import short_entry
from pytest_carbon.gate.policy import Policy
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Subject
from pytest_carbon.result.facts import Course
from pytest_carbon.result.subject import LookRuns
from pytest_carbon.updates.entries import entry_from_runs
from pytest_carbon.updates.measured import common_reference_ns
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import (
    comparable,
    learns_from_load,
    plan_runs,
    preview_refresh,
)
from tests.results import cost, run_result, subject

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.result.run import RunResult


def a_round(
    outcome: str = "passed", *, speed: float = 1.0, reference_ns: float = 100.0
) -> RunResult:
    """A round in which one test did the same work, on a core that its reference calls fast."""
    total = cost(1.0)._replace(
        cpu_s=0.25,
        work_s=0.25 * speed,
        speed=speed,
        energies=(DomainEnergy("cpu", speed, 0.0, Method.MODELLED),),
    )
    result = subject("test_a.py::test")._replace(total=total, test_outcome=outcome, looks=())
    return run_result(result)._replace(
        course=Course(outcomes={"test_a.py::test": outcome}),
        reference_ns=reference_ns,
    )


TEST = Subject(Kind.TEST, "test_a.py::test")


def test_runs_against_references_of_their_own_are_joined_at_one() -> None:
    runs = [
        a_round(speed=1.0, reference_ns=100.0),
        a_round(speed=1.1, reference_ns=110.0),
        a_round(speed=0.9, reference_ns=90.0),
    ]
    assert common_reference_ns(runs) == 100.0
    file = plan_runs(None, runs, Mode.CHANGED, Policy()).file
    assert file.reference_ns == 100.0
    first = file.entries[TEST].first
    assert (first.samples, first.processes) == (3, 3)
    assert first.sd_log == pytest.approx(0.0, abs=1e-6)
    assert first.centre_j == pytest.approx(1.0)


def cost_at(speed: float, sensitivity: float, work_s: float = 0.25) -> Measurement:
    """The cost of some work that follows the core's speed so far."""
    cpu_s = work_s / speed**sensitivity
    return cost(1.0)._replace(
        cpu_s=cpu_s,
        work_s=cpu_s * speed**0.9,
        speed=speed,
        energies=(DomainEnergy("cpu", 4 * cpu_s * speed**0.9, 0.0, Method.MODELLED),),
    )


def round_of(total: Measurement, *looks: LookRuns) -> RunResult:
    run = a_round()
    (result,) = run.subjects
    return run._replace(subjects=(result._replace(total=total, looks=looks),))


def shifting(sensitivity: float, *, work_s: float = 0.25) -> list[RunResult]:
    """Twelve rounds of the same work on a core that slows down from round to round."""
    return [round_of(cost_at(0.95**number, sensitivity, work_s)) for number in range(12)]


def test_figures_are_held_against_what_is_stored_at_one_sensitivity() -> None:
    """A stored sensitivity that is off by half makes no change of code."""
    runs = shifting(0.4)
    fitted = plan_runs(None, runs, Mode.CHANGED, Policy()).file
    misfit = entry_from_runs([run.subjects[0] for run in runs], 0.9, fits_sensitivity=False)
    assert misfit is not None
    assert misfit.first.centre_j < fitted.entries[TEST].first.centre_j * 0.9
    wrong = fitted.with_entries({TEST: misfit._replace(anchor_j=misfit.first.centre_j)})
    assert plan_runs(wrong, runs, Mode.ALL, Policy()).file == wrong


def test_what_is_stored_anew_gets_a_new_sensitivity_and_its_anchor_with_it() -> None:
    before = plan_runs(None, shifting(0.4), Mode.CHANGED, Policy()).file
    unknown = before.with_entries({TEST: before.entries[TEST]._replace(sensitivity=None)})
    after = plan_runs(unknown, shifting(0.4, work_s=0.1), Mode.CHANGED, Policy()).file.entries[TEST]
    assert after.sensitivity == pytest.approx(0.4, abs=0.1)
    assert after.first.centre_j == pytest.approx(0.4, rel=0.05)
    assert after.anchor_j == pytest.approx(after.first.centre_j)


def look_at_speed(speed: float, sensitivity: float) -> LookRuns:
    """A look of four runs, all at one speed."""
    same = cost_at(speed, sensitivity)
    return LookRuns(first=same, repeats=(same,) * 3)


def at_speed(speed: float, sensitivity: float) -> RunResult:
    """A round of one run and a look, all at one speed."""
    return round_of(cost_at(speed, sensitivity), look_at_speed(speed, sensitivity))


def test_a_load_tells_how_a_test_follows_the_speed_and_nothing_else() -> None:
    quiet = [at_speed(1.0, 0.4) for _ in range(10)]
    loaded = {TEST: [look_at_speed(0.6, 0.4) for _ in range(3)]}
    alone = plan_runs(None, quiet, Mode.CHANGED, Policy())
    assert alone.file.entries[TEST].sensitivity is None
    assert learns_from_load(alone)
    both = plan_runs(None, quiet, Mode.CHANGED, Policy(), loaded)
    entry = both.file.entries[TEST]
    assert entry.sensitivity == pytest.approx(0.4, abs=0.1)
    assert not learns_from_load(both)
    assert entry._replace(sensitivity=None) == alone.file.entries[TEST]


def test_nothing_is_learned_for_what_is_not_stored_anew() -> None:
    quiet = [at_speed(1.0, 0.4) for _ in range(10)]
    before = plan_runs(None, quiet, Mode.CHANGED, Policy())
    assert not learns_from_load(plan_runs(before.file, quiet, Mode.CHANGED, Policy()))


def test_a_stored_reference_stays() -> None:
    before = plan_runs(None, [a_round(reference_ns=100.0)], Mode.CHANGED, Policy()).file
    after = plan_runs(before, [a_round(reference_ns=120.0)], Mode.ALL, Policy()).file
    assert after.reference_ns == 100.0


def test_the_intensity_stays_unless_another_one_was_asked_for() -> None:
    before = plan_runs(None, [a_round()], Mode.CHANGED, Policy()).file
    pinned = before.intensity._replace(reason="pinned with the baselines; default")
    again = plan_runs(before, [a_round()._replace(intensity=pinned)], Mode.CHANGED, Policy())
    assert again.file == before
    asked = before.intensity._replace(g_per_kwh=75.0, reason="--carbon-intensity")
    other = plan_runs(before, [a_round()._replace(intensity=asked)], Mode.CHANGED, Policy())
    assert other.file.intensity == asked


@pytest.mark.parametrize("outcome", ["failed", "error", "skipped", "xfailed", "xpassed"])
def test_a_test_counts_only_if_it_passed_in_every_round(outcome: str) -> None:
    runs = [a_round(), a_round(outcome), a_round()]
    assert plan_runs(None, runs, Mode.ALL, Policy()).file.entries == {}


def test_a_test_that_did_not_run_in_a_round_counts_with_the_others() -> None:
    runs = [a_round(), run_result()._replace(subjects=(), course=Course()), a_round()]
    file = plan_runs(None, runs, Mode.ALL, Policy()).file
    assert file.entries[TEST].first.processes == 2


def test_rounds_of_another_environment_are_found() -> None:
    other = a_round()._replace(environment=a_round().environment._replace(speed="edges"))
    usual, elsewhere = comparable([a_round(), other, a_round()])
    assert usual == a_round().environment
    assert elsewhere == [1]


def renamed(run: RunResult, **course: object) -> RunResult:
    """The round after its test got another name."""
    name = "test_b.py::test_renamed"
    (old,) = run.subjects
    return run._replace(
        subjects=(old._replace(subject=Subject(Kind.TEST, name)),),
        code_digests={name: "0123456789ab"},
        course=Course(collected=(name,), outcomes={name: "passed"})._replace(**course),  # type: ignore[arg-type]
    )


def test_a_baseline_follows_a_renamed_test_where_the_whole_suite_was_collected() -> None:
    first = a_round()._replace(code_digests={TEST.id: "0123456789ab"})
    before = plan_runs(None, [first], Mode.CHANGED, Policy()).file
    assert before.entries[TEST].body == "0123456789ab"
    after = plan_runs(before, [renamed(first)], Mode.NEW, Policy())
    assert after.file.entries == {
        Subject(Kind.TEST, "test_b.py::test_renamed"): before.entries[TEST]
    }
    assert next(preview_refresh(after)) == "renamed  test_a.py::test → test_b.py::test_renamed"


def test_no_baseline_moves_or_goes_after_a_part_of_the_suite() -> None:
    first = a_round()._replace(code_digests={TEST.id: "0123456789ab"})
    before = plan_runs(None, [first], Mode.CHANGED, Policy()).file
    for part in ({"narrowed": ("test_b.py",)}, {"collection_errors": ("test_a.py",)}):
        after = plan_runs(before, [renamed(first, **part)], Mode.ALL, Policy())
        assert len(after.file.entries) == 2
        assert after.file.entries[TEST] == before.entries[TEST]


@pytest.mark.parametrize("far_below", [2.0, 1e9])
def test_what_is_far_below_the_floor_is_short_without_a_closer_look(
    monkeypatch: pytest.MonkeyPatch, far_below: float
) -> None:
    """The same entry as with one (the second figure)."""
    monkeypatch.setattr("pytest_carbon.updates.measured.FAR_BELOW", far_below)
    looked_closer = []

    def closer(*args: Any, **others: Any) -> Entry | None:
        looked_closer.append(args)
        return entry_from_runs(*args, **others)

    monkeypatch.setattr("pytest_carbon.updates.measured.entry_from_runs", closer)
    entry = plan_runs(None, shifting(0.9), Mode.CHANGED, Policy(floor_j=10.0)).file.entries[TEST]
    assert entry == short_entry(entry.first.centre_j, None)._replace(body=entry.body)
    assert entry.first.centre_j == pytest.approx(1.0)
    assert bool(looked_closer) is (far_below > 2)
