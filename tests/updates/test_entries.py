"""From runs and looks to what is stored."""

from __future__ import annotations

import pytest

from pytest_carbon.measurement import DomainEnergy, Measurement, Method
from pytest_carbon.result.subject import LookRuns, SubjectResult
from pytest_carbon.updates.entries import (
    at_reference,
    corrected_j,
    entry_from_runs,
    short_from_runs,
    sum_from_runs,
)
from tests.results import cost, subject


def spent(energy_j: float, **more: object) -> Measurement:
    """Some modelled energy, without a speed."""
    plain = cost(energy_j)._replace(
        speed=None,
        work_s=energy_j / 4,
        energies=(DomainEnergy("cpu", energy_j, 0.0, Method.MODELLED),),
    )
    return plain._replace(**more)  # type: ignore[arg-type]


def run(energy_j: float, *looks: LookRuns, name: str = "t.py::test_one") -> SubjectResult:
    return subject(name)._replace(total=spent(energy_j), test_outcome="passed", looks=looks)


def look(first_j: float, *later_j: float, **disk: float) -> LookRuns:
    return LookRuns(first=spent(first_j), repeats=tuple(map(spent, later_j)), **disk)


def test_first_runs_and_looks_are_never_mixed() -> None:
    entry = entry_from_runs([run(1.0, look(3.0, 0.5, 0.5)), run(1.0, look(3.0, 0.5, 0.5))])
    assert entry is not None
    assert entry.look is not None
    assert (entry.first.centre_j, entry.first.samples) == pytest.approx((1.0, 2))
    assert (entry.look.centre_j, entry.look.samples) == pytest.approx((0.5, 4))
    assert (entry.first.processes, entry.look.processes) == (2, 2)


def test_a_test_that_cannot_run_twice_is_stored_with_looks_of_first_runs() -> None:
    entry = entry_from_runs([run(1.0, look(3.0))])
    assert entry is not None
    assert entry.look is not None
    assert entry.look.centre_j == pytest.approx(3.0)


def test_without_a_look_only_first_runs_are_stored() -> None:
    entry = entry_from_runs([run(1.0), run(2.0), run(3.0)])
    assert entry is not None
    assert entry.look is None
    assert (entry.cpu_s, entry.wall_s) == pytest.approx((0.5, 2 / 3))


@pytest.mark.parametrize("bad", [spent(0.0), spent(1.0, missing=("rapl",))])
def test_an_unknown_figure_or_none_at_all_is_not_stored(bad: Measurement) -> None:
    assert entry_from_runs([run(1.0)._replace(total=bad)]) is None
    broken = LookRuns(first=spent(1.0), repeats=(bad,))
    assert entry_from_runs([run(1.0, broken)]) is None


def test_what_looks_wrote_to_a_disk_is_the_mean_of_those_that_know() -> None:
    entry = entry_from_runs(
        [
            run(1.0, look(1.0, 1.0, disk_share=0.2, blocks_written=100.0)),
            run(1.0, look(1.0, 1.0, disk_share=0.4, blocks_written=120.0)),
            run(1.0, look(1.0, 1.0)),
        ]
    )
    assert entry is not None
    assert (entry.disk_share, entry.blocks_written) == pytest.approx((0.3, 110))


def test_only_modelled_energy_is_corrected() -> None:
    measured = DomainEnergy("package", 2.0, 0.0, Method.MEASURED)
    modelled = DomainEnergy("cpu", 1.0, 0.0, Method.MODELLED)
    both = spent(1.0, cpu_s=1.0, work_s=0.5, speed=0.5, energies=(measured, modelled))
    assert corrected_j(both, 1.0) == pytest.approx(3.0)
    assert corrected_j(both, 0.0) == pytest.approx(4.0)
    assert corrected_j(spent(1.0), 0.3) == 1.0


def test_another_reference_scales_the_speeds_of_looks_too() -> None:
    slow = LookRuns(first=spent(1.0, speed=0.5), repeats=(spent(1.0, speed=0.6),))
    moved = at_reference(run(1.0, slow)._replace(total=spent(1.0, speed=0.8)), 1.1)
    (found,) = moved.looks
    assert moved.total.speed == pytest.approx(0.88)
    assert found.first.speed == pytest.approx(0.55)
    assert [one.speed for one in found.repeats] == [pytest.approx(0.66)]
    assert at_reference(run(1.0), 1.1).total.speed is None


def test_a_short_test_is_stored_with_its_centres_and_nothing_else() -> None:
    entry = short_from_runs([run(0.001, look(0.002, 0.0008)), run(0.001)])
    assert entry is not None
    assert entry.is_short
    assert entry.look is not None
    assert (entry.first.centre_j, entry.look.centre_j) == pytest.approx((0.001, 0.0008))
    assert short_from_runs([run(0.0)]) is None
    assert short_from_runs([]) is None


def short_file(*energies_j: float, looked_at: tuple[int, ...] = ()) -> list[SubjectResult]:
    """One run of a file of short tests, of which some were looked at."""
    return [
        run(
            energy_j,
            *((look(2 * energy_j, energy_j / 2),) if place in looked_at else ()),
            name=f"t.py::test_{place}",
        )
        for place, energy_j in enumerate(energies_j)
    ]


def test_a_sum_adds_up_the_tests_of_each_run() -> None:
    total = sum_from_runs([short_file(0.001, 0.002), short_file(0.001, 0.002)])
    assert total is not None
    assert (total.first.centre_j, total.first.processes) == pytest.approx((0.003, 2))
    assert total.look is None


def test_looks_of_a_sum_hold_the_tests_that_every_look_has_seen() -> None:
    runs = [
        short_file(0.001, 0.002, 0.004, looked_at=(0, 1)),
        short_file(0.001, 0.002, 0.004, looked_at=(1, 2)),
        short_file(0.001, 0.002, 0.004),
    ]
    total = sum_from_runs(runs)
    assert total is not None
    assert total.look is not None
    assert (total.look.centre_j, total.look.processes) == pytest.approx((0.001, 2))


def test_a_look_at_few_of_its_tests_says_nothing_of_a_sum() -> None:
    whole = short_file(*[0.001] * 5, looked_at=(0, 1, 2, 3, 4))
    single = short_file(*[0.001] * 5, looked_at=(3,))
    total = sum_from_runs([whole, whole, single])
    assert total is not None
    assert total.look is not None
    assert (total.look.centre_j, total.look.processes) == pytest.approx((0.0025, 2))


def test_a_sum_of_nothing_is_not_stored() -> None:
    assert sum_from_runs([]) is None
    assert sum_from_runs([short_file(0.0)]) is None
