"""From samples to entries: what one or several runs have to say to the baselines."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.gate.spread import hodges_lehmann, summarise
from pytest_carbon.measurement import Method
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY, fit_sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.subject import LookRuns, SubjectResult

__all__ = ["at_reference", "corrected_j", "entry_from_runs", "short_from_runs", "sum_from_runs"]


def corrected_j(measurement: Measurement, sensitivity: float) -> float:
    """The energy in joules, corrected for the core's speed with another sensitivity.

    Only modelled energy follows CPU time; what hardware has measured stays as it is.
    """
    assert measurement.energy_j is not None, "only complete measurements are stored"
    if measurement.speed is None:
        return measurement.energy_j
    raw = measurement.cpu_s / measurement.work_s if measurement.work_s > 0 else 1.0
    factor = raw * measurement.speed**sensitivity
    return sum(
        energy.dynamic_j * (factor if energy.method is Method.MODELLED else 1.0)
        for energy in measurement.energies
    )


def at_reference(run: SubjectResult, factor: float) -> SubjectResult:
    """``run`` with its speeds against a reference ``factor`` times as long, for ``corrected_j``.

    Runs that were each held against a reference of their own are joined that way.
    """

    def scaled(measurement: Measurement) -> Measurement:
        speed = measurement.speed
        return measurement if speed is None else measurement._replace(speed=speed * factor)

    looks = tuple(
        look._replace(first=scaled(look.first), repeats=tuple(map(scaled, look.repeats)))
        for look in run.looks
    )
    return run._replace(total=scaled(run.total), looks=looks)


def _runs_of(look: LookRuns) -> tuple[Measurement, ...]:
    """The runs of a look that are stored: those after the first, or that where it is alone."""
    return look.repeats or (look.first,)


def entry_from_runs(
    runs: Sequence[SubjectResult],
    known_sensitivity: float | None = None,
    *,
    fits_sensitivity: bool = True,
    beside_load: Sequence[LookRuns] = (),
) -> Entry | None:
    """The baseline of one test, from its results in one or several sessions and their looks.

    ``known_sensitivity`` is what is stored already; it is kept until these runs say more, or
    whatever they say where ``fits_sensitivity`` is off. The figures are corrected with
    ``DEFAULT_SENSITIVITY`` where it is not known. Looks ``beside_load`` tell of the sensitivity
    only: what a load costs a test besides the speed of the core is no part of its baseline.
    ``None`` where a figure is unknown or nothing was spent, which has no logarithm.
    """
    firsts = [run.total for run in runs]
    looks = [look for run in runs for look in run.looks]
    groups = [_runs_of(look) for look in looks]
    everything = [*firsts, *(m for group in groups for m in group)]
    if any(m.energy_j is None or m.energy_j <= 0 for m in everything):
        return None
    fit = None
    if fits_sensitivity:
        kinds = ([(m,) for m in firsts], [*groups, *map(_runs_of, beside_load)])
        fit = fit_sensitivity(
            *(
                [[(m.cpu_s, 1 / m.speed) for m in group if m.speed] for group in kind]
                for kind in kinds
            )
        )
    sensitivity = fit.exponent if fit is not None and fit.is_known else known_sensitivity
    exponent = DEFAULT_SENSITIVITY if sensitivity is None else sensitivity
    has_speed = any(m.speed is not None for m in everything)
    # Without CPU time, nothing is left of what a model made of work.
    if any(corrected_j(m, exponent) <= 0 or (m.raw_j or 0.0) <= 0 for m in everything):
        return None
    middle = sorted(firsts, key=lambda m: m.cpu_s)[len(firsts) // 2]

    def spread(processes: Iterable[Sequence[Measurement]]) -> Spread | None:
        figures = [[corrected_j(m, exponent) for m in group] for group in processes if group]
        return summarise(figures) if figures else None

    first = spread([m] for m in firsts)
    assert first is not None, "a test is here because it ran"
    return Entry(
        first=first,
        look=spread(groups),
        raw=summarise([m.raw_j or 0.0] for m in firsts) if has_speed else None,
        cpu_s=middle.cpu_s,
        wall_s=middle.wall_s,
        sensitivity=sensitivity,
        disk_share=_mean_of(look.disk_share for look in looks),
        blocks_written=_mean_of(look.blocks_written for look in looks),
    )


def short_from_runs(runs: Sequence[SubjectResult]) -> Entry | None:
    """The baseline of a test below the floor: what it costs, for its part of its file's sum."""
    firsts_j = [run.total.energy_j or 0.0 for run in runs]
    looks = [m.energy_j or 0.0 for run in runs for look in run.looks for m in _runs_of(look)]
    if not firsts_j or min(firsts_j) <= 0:
        return None
    return short_entry(
        hodges_lehmann(firsts_j), hodges_lehmann(looks) if looks and min(looks) > 0 else None
    )


def sum_from_runs(runs: Sequence[Sequence[SubjectResult]]) -> Entry | None:
    """The baseline of a file's short tests together: given run by run, each time the same tests."""
    firsts_j = [sum(test.total.energy_j or 0.0 for test in tests) for tests in runs]
    raws_j = [sum(test.total.raw_j or 0.0 for test in tests) for tests in runs]
    looks_j = [
        sum(fmean(m.energy_j or 0.0 for m in _runs_of(look)) for look in looks)
        for looks in _looks_of(runs)
    ]
    if not firsts_j or min(*firsts_j, *raws_j, *looks_j) <= 0:
        return None
    middle = runs[len(runs) // 2]
    has_speed = any(test.total.speed is not None for test in middle)
    return Entry(
        first=summarise([figure_j] for figure_j in firsts_j),
        look=summarise([figure_j] for figure_j in looks_j) if looks_j else None,
        raw=summarise([figure_j] for figure_j in raws_j) if has_speed else None,
        cpu_s=sum(test.total.cpu_s for test in middle),
        wall_s=sum(test.total.wall_s for test in middle),
    )


def _looks_of(runs: Sequence[Sequence[SubjectResult]]) -> list[list[LookRuns]]:
    """The looks at the tests that every look has seen, look by look.

    A look that was for a few tests that scatter has seen next to nothing of a sum.
    """
    by_run = [{test.subject: test.looks[0] for test in tests if test.looks} for tests in runs]
    most = max(map(len, by_run), default=0)
    seen = [looks for looks in by_run if 2 * len(looks) > most]
    if not seen:
        return []
    common = set.intersection(*(set(looks) for looks in seen))
    return [[looks[subject] for subject in looks if subject in common] for looks in seen if common]


def _mean_of(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 2) if known else None
